using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

/// <summary>The commands against a real daemon, as a user would give them.</summary>
public sealed class DaemonSessionTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Ingest_FileSentTwice_IsTakenOnce()
    {
        var model = await daemon.CreateModelAsync("ingest-twice");
        var file = _directory.Write("ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,1029,3.5,1260759179\n2,10,5.0,835355493\n");

        var first = await IngestAsync(model, "movielens", file);
        var second = await IngestAsync(model, "movielens", file);
        var lower = await daemon.RunAsync("ingest", "--format", "movielens", file, "--min-rating", "2", "--model", model, "--json");

        Assert.Equal((2, 0, 1), (Number(first, "added"), Number(first, "already_there"), Number(first, "filtered_lines")));
        Assert.Equal((0, 2, 1), (Number(second, "added"), Number(second, "already_there"), Number(second, "filtered_lines")));
        // Another threshold is another reading of the file: none of it may pass for known.
        Assert.Equal((3, 0), (Number(lower, "added"), Number(lower, "already_there")));
    }

    [Fact]
    public async Task Ingest_GrowingFileUnderOneProducer_SendsWhatIsNew()
    {
        var model = await daemon.CreateModelAsync("ingest-growing");
        var file = _directory.Write("log.txt", "ann a b\n");
        string[] args = ["ingest", "--format", "sequences", file, "--producer", "feed", "--model", model, "--json"];

        var first = await daemon.RunAsync(args);
        await File.AppendAllTextAsync(file, "bob c d e\n", TestContext.Current.CancellationToken);
        var second = await daemon.RunAsync(args);

        Assert.Equal((2, 0), (Number(first, "added"), Number(first, "already_there")));
        Assert.Equal((3, 2), (Number(second, "added"), Number(second, "already_there")));
    }

    [Fact]
    public async Task Ingest_BadLines_ReportsThemByNumberAndTakesTheOthers()
    {
        var model = await daemon.CreateModelAsync("ingest-bad");
        var file = _directory.Write("ratings.csv", $"userId,movieId,rating,timestamp\n1,31,5,1260759144\n2,32,5,never\n3,33,5,0\n4,{new string('x', 300)},5,1260759144\n5,{new string('y', 2000)},5,1260759144\n");

        var run = await IngestAsync(model, "movielens", file);
        var strict = await daemon.RunAsync("ingest", "--format", "movielens", file, "--strict", "--producer", "again", "--model", model);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal((1, 4), (Number(run, "added"), Number(run, "refused")));
        Assert.Contains($"{file}:3: timestamp 'never' is not a time", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{file}:4: event_time_ms: ", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{file}:5: item_id: ", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{file}:6: An id of 2000 characters is too long", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, strict.ExitCode);
    }

    [Fact]
    public async Task Ingest_NothingUsable_FailsAndDoubtsTheFormat()
    {
        var model = await daemon.CreateModelAsync("ingest-nothing");

        var run = await IngestAsync(model, "sequences", _directory.Write("f.txt", "alone\nlonely\n"));

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("is --format right?", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ingest_UnknownModel_SaysWhichThereAre()
    {
        var run = await IngestAsync("nowhere", "sequences", _directory.Write("f.txt", "a b\n"));

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith("error: NOT_FOUND: Model 'nowhere'", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Train_NothingIngested_SaysWhatToDo()
    {
        var model = await daemon.CreateModelAsync("train-nothing");

        var run = await daemon.RunAsync("train", "--model", model);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("embedctl ingest", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_EveryQuery_AnswersWithItemsAndScores()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-all");
        var vector = _directory.Write("v.txt", "1 0 0 0 0 0 0 0");

        foreach (var query in new string[][] { ["--item", "a"], ["--user", "beginner"], ["--session", "a,b"], ["--vector", vector] })
        {
            var run = await daemon.RunAsync(["recall", .. query, "--k", "3", "--json", "--model", model]);

            Assert.True(run.ExitCode == ExitCode.Success, run.Error);
            using var answer = JsonDocument.Parse(run.Output);
            var items = answer.RootElement.GetProperty("items").EnumerateArray().ToArray();
            Assert.Equal(3, items.Length);
            Assert.All(items, item => Assert.Equal(JsonValueKind.Number, item.GetProperty("score").ValueKind));
            Assert.All(items, item => Assert.Equal(1, item.GetProperty("item_id").GetString()!.Length));
            Assert.Equal("embedding", answer.RootElement.GetProperty("basis").GetString());
            Assert.NotEmpty(answer.RootElement.GetProperty("recall_id").GetString()!);
        }
    }

    [Fact]
    public async Task SimilarUsers_OfAUser_WritesTabSeparatedLinesOrJson()
    {
        var model = await daemon.CreateTrainedModelAsync("similar-users");
        var lines = await daemon.RunAsync("similar-users", "--user", "beginner", "--k", "3", "--model", model);
        var json = await daemon.RunAsync("similar-users", "--user", "beginner", "--k", "3", "--json", "--model", model);
        var stranger = await daemon.RunAsync("similar-users", "--user", "stranger", "--model", model);

        Assert.True(lines.ExitCode == ExitCode.Success, lines.Error);
        var found = lines.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, found.Length);
        Assert.All(found, line => Assert.Matches(@"^user-\d+\t-?[\d.E-]+$", line));
        using var answer = JsonDocument.Parse(json.Output);
        Assert.Equal(
            found, answer.RootElement.GetProperty("users").EnumerateArray().Select(user => $"{user.GetProperty("user_id").GetString()}\t{user.GetProperty("similarity").GetRawText()}"));
        Assert.Equal(16, answer.RootElement.GetProperty("generation_id").GetString()!.Length);
        Assert.Equal(ExitCode.Failed, stranger.ExitCode);
        Assert.Contains("stranger", stranger.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_FromSimilarUsers_AnswersWithWhatTheyDid()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-similar-users");
        var run = await daemon.RunAsync("recall", "--user", "beginner", "--sources", "similar-users", "--exclude-seen", "--k", "20", "--json", "--model", model);

        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        using var answer = JsonDocument.Parse(run.Output);
        Assert.Equal("similarusers", answer.RootElement.GetProperty("basis").GetString());
        Assert.Equal("cdefghijkl", string.Concat(answer.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("item_id").GetString()).Order(StringComparer.Ordinal)));
    }

    [Fact]
    public async Task Recall_MinimumScoreBelowZero_IsTakenAsANumber()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-minimum");
        var all = await daemon.RunAsync("recall", "--item", "a", "--k", "5", "--minimum-score", "-2", "--model", model);
        var none = await daemon.RunAsync("recall", "--item", "a", "--k", "5", "--minimum-score", "1.5", "--model", model);

        Assert.Equal((ExitCode.Success, 5), (all.ExitCode, all.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Equal((ExitCode.Success, ""), (none.ExitCode, none.Output));
    }

    [Fact]
    public async Task Recall_NotOnATerminal_WritesTabSeparatedLinesWithTitles()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-lines");
        var titles = _directory.Write("titles.csv", "id,title\n" + string.Join('\n', "abcdefghijkl".Select(id => $"{id},Title of {id}")));

        var run = await daemon.RunAsync("recall", "--item", "a", "--k", "2", "--exclude", "b", "--titles", titles, "--model", model);

        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Matches(@"^([^ab])\t-?[\d.E-]+\tTitle of \1$", line));
    }

    [Fact]
    public async Task Recall_UserWithoutHistory_WarnsThatTheseArePopular()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-popular");

        var run = await daemon.RunAsync("recall", "--user", "stranger", "--model", model);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("most popular", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NOT_FOUND: Item 'nope' is not in generation", "--item", "nope")]
    [InlineData("INVALID_ARGUMENT: vector.values", "--vector", "short.txt")]
    [InlineData("INVALID_ARGUMENT: exclude_seen", "--item", "a", "--exclude-seen")]
    public async Task Recall_DaemonRefuses_ShowsItsReason(string expected, params string[] query)
    {
        var model = await daemon.CreateTrainedModelAsync($"recall-refused-{query.Length}-{query[0].Trim('-')}");
        _directory.Write("short.txt", "1 2");
        var args = query.Select(arg => arg == "short.txt" ? Path.Combine(_directory.Path, arg) : arg);

        var run = await daemon.RunAsync(["recall", .. args, "--model", model]);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith($"error: {expected}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Models_CreatedUpdatedDeleted_TellWhatTheyAre()
    {
        var created = await daemon.RunAsync("models", "create", "life", "--set", "Training.Dimension=16", "--json");
        var updated = await daemon.RunAsync("models", "update", "life", "--set", "training.epochs=7", "--json");
        var text = await daemon.RunAsync("models", "get", "life");
        var reset = await daemon.RunAsync("models", "update", "life", "--reset", "Training.Epochs", "--json");
        var listed = await daemon.RunAsync("models", "list");
        var refused = await daemon.RunAsync("models", "delete", "life");
        var deleted = await daemon.RunAsync("models", "delete", "life", "--yes");
        var gone = await daemon.RunAsync("models", "get", "life");

        Assert.Equal("16", Option(created, "Training.Dimension"));
        Assert.Equal("7", Option(updated, "Training.Epochs"));
        Assert.Contains("Training.Epochs\t7\n", text.Output, StringComparison.Ordinal);
        Assert.NotEqual("7", Option(reset, "Training.Epochs"));
        Assert.Contains("\nlife\t", listed.Output, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Usage, true), (refused.ExitCode, refused.Error.Contains("--yes", StringComparison.Ordinal)));
        Assert.Equal(ExitCode.Success, deleted.ExitCode);
        Assert.Equal(ExitCode.Failed, gone.ExitCode);
    }

    [Fact]
    public async Task Models_Preset_SetsWhatIsNotSetAndCanBeChanged()
    {
        var created = await daemon.RunAsync("models", "create", "words", "--preset", "word2vec", "--set", "Training.Window=7", "--json");
        var updated = await daemon.RunAsync("models", "update", "words", "--preset", "recommendation", "--json");
        var unknown = await daemon.RunAsync("models", "update", "words", "--preset", "glove");
        await daemon.RunAsync("models", "delete", "words", "--yes");

        Assert.Equal(("Word2vec", "5", "7"), (Option(created, "Preset"), Option(created, "Training.NegativeSamples"), Option(created, "Training.Window")));
        Assert.Equal(("Recommendation", "47", "7"), (Option(updated, "Preset"), Option(updated, "Training.NegativeSamples"), Option(updated, "Training.Window")));
        Assert.Equal(ExitCode.Usage, unknown.ExitCode);
        Assert.Contains("recommendation, word2vec", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsCreate_UnknownOption_IsRefusedByName()
    {
        var run = await daemon.RunAsync("models", "create", "wrong", "--set", "Training.Colour=red");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("Training.Colour", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelsOptions_ListsBoundsAndDefaults()
    {
        var run = await daemon.RunAsync("models", "options");

        Assert.Matches(@"Training\.Dimension\tint32\t\d+\t2\.\.1024\tnext training", run.Output);
    }

    [Fact]
    public async Task Generations_TrainedTwice_ListsTheNewestFirst()
    {
        var model = await daemon.CreateTrainedModelAsync("generations");
        await daemon.RunAsync("train", "--model", model);

        var text = await daemon.RunAsync("generations", "--model", model);
        var json = await daemon.RunAsync("generations", "--model", model, "--json");

        var lines = text.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("number\tid\tserving", lines[0], StringComparison.Ordinal);
        Assert.Matches(@"^2\t[0-9a-f]{16}\tyes\t", lines[1]);
        Assert.Matches(@"^1\t[0-9a-f]{16}\t\t", lines[2]);
        using var newest = JsonDocument.Parse(json.Output.Split('\n')[0]);
        Assert.True(newest.RootElement.GetProperty("metrics").GetProperty("training.words_per_second").GetDouble() > 0);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("binary")]
    public async Task ExportThenImport_RecallsTheSame(string format)
    {
        var source = await daemon.CreateTrainedModelAsync($"export-{format}");
        var target = await daemon.CreateModelAsync($"import-{format}");
        var vectors = Path.Combine(_directory.Path, "w1");
        var contexts = Path.Combine(_directory.Path, "w2");

        var w1 = await daemon.RunAsync("export", vectors, "--format", format, "--model", source, "--json");
        var w2 = await daemon.RunAsync("export", contexts, "--table", "output", "--format", format, "--model", source);
        var import = await daemon.RunAsync("import", vectors, "--contexts", contexts, "--format", format, "--model", target);
        var before = await daemon.RunAsync("recall", "--session", "a,b", "--sources", "embedding", "--k", "5", "--model", source);
        var after = await daemon.RunAsync("recall", "--session", "a,b", "--sources", "embedding", "--k", "5", "--model", target);

        Assert.Equal((ExitCode.Success, ExitCode.Success), (w1.ExitCode, w2.ExitCode));
        Assert.Equal(new FileInfo(vectors).Length, Number(w1, "bytes"));
        Assert.Equal(["w1", "w2"], Directory.EnumerateFiles(_directory.Path).Select(Path.GetFileName).Order());
        Assert.True(import.ExitCode == ExitCode.Success, import.Error);
        Assert.Contains("12 items x 8", import.Output, StringComparison.Ordinal);
        Assert.Equal(Ids(before), Ids(after));
    }

    [Fact]
    public async Task Import_WrongHeader_ShowsTheDaemonsReason()
    {
        var model = await daemon.CreateModelAsync("import-wrong");

        var run = await daemon.RunAsync("import", _directory.Write("w1.txt", "this is no header\n"), "--model", model);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith("error: INVALID_ARGUMENT", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_NothingServes_LeavesNoFile()
    {
        var model = await daemon.CreateModelAsync("export-nothing");

        var run = await daemon.RunAsync("export", Path.Combine(_directory.Path, "w1.txt"), "--model", model);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Empty(Directory.EnumerateFiles(_directory.Path));
    }

    [Fact]
    public async Task RecallFile_Sessions_HaveOneListALineInTheirOrder()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-file");
        var sessions = _directory.Write("sessions.txt", "a b c\n\nb\nk l\n");
        var lists = Path.Combine(_directory.Path, "lists.txt");
        string[] args = ["recall-file", "--sessions", sessions, "--k", "5", "--output", lists, "--model", model, "--json"];

        var run = await daemon.RunAsync([.. args, "--exclude-seen"]);
        var excluded = await File.ReadAllLinesAsync(lists, TestContext.Current.CancellationToken);
        var whole = await daemon.RunAsync([.. args.Select(arg => arg == "5" ? "12" : arg), "--sources", "embedding,graph"]);
        var included = await File.ReadAllLinesAsync(lists, TestContext.Current.CancellationToken);

        Assert.Equal((4, 3), (Number(run, "sessions"), Number(run, "answered")));
        Assert.Equal([5, 0, 5, 5], excluded.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length));
        Assert.Empty(excluded[0].Split(' ').Intersect(["a", "b", "c"]));
        Assert.Contains("d", excluded[0].Split(' '));
        Assert.Equal(3, Number(whole, "answered"));
        Assert.Equal(["a", "b", "c"], included[0].Split(' ').Intersect(["a", "b", "c"]).Order());
    }

    [Fact]
    public async Task RecallFile_SessionThatIsRefused_FailsInTheEndAndAnswersTheOthers()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-file-refused");
        var lists = Path.Combine(_directory.Path, "lists.txt");

        var run = await daemon.RunAsync(
            "recall-file", "--sessions", _directory.Write("sessions.txt", $"a\n{new string('x', 300)}\nb\n"), "--k", "3", "--output", lists, "--model", model);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("1 sessions were refused; the first: session.items[0].item_id", run.Error, StringComparison.Ordinal);
        Assert.Equal([3, 0, 3], (await File.ReadAllLinesAsync(lists, TestContext.Current.CancellationToken)).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length));
    }

    [Fact]
    public async Task RecallFile_UnknownSource_SaysWhichThereAre()
    {
        var run = await daemon.RunAsync("recall-file", "--sessions", _directory.Write("s.txt", "a\n"), "--sources", "oracle", "--output", Path.Combine(_directory.Path, "l.txt"));

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("'oracle' is not a source; there are embedding, graph, popular", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_BothPortsReached_ShowsModelsMemoryAndCache()
    {
        var model = await daemon.CreateTrainedModelAsync("status");
        await daemon.RunAsync("recall", "--item", "a", "--model", model);

        // The log is applied beside the calls, and the page of metrics may be as old as the exporter lets it become.
        var text = await UntilAsync(run => run.Output.Contains("482 interactions on disk, 0 not yet applied", StringComparison.Ordinal), "status", "--http", daemon.HttpAddress);
        var json = await UntilAsync(run => CallsIn(run) >= 1, "status", "--http", daemon.HttpAddress, "--json");

        Assert.Contains($"model {model}", text.Output, StringComparison.Ordinal);
        Assert.Contains("482 interactions on disk, 0 not yet applied, 0 not yet trained", text.Output, StringComparison.Ordinal);
        using var status = JsonDocument.Parse(json.Output);
        Assert.True(status.RootElement.GetProperty("process").GetProperty("working_set_bytes").GetDouble() > 10_000_000, text.Output);
        Assert.True(status.RootElement.GetProperty("recall").GetProperty("calls").GetDouble() >= 1);
        Assert.True(status.RootElement.GetProperty("ingest").GetProperty("appended").GetDouble() >= 482);
    }

    private static double CallsIn(CliRun run)
    {
        using var status = JsonDocument.Parse(run.Output);
        return status.RootElement.TryGetProperty("recall", out var recall) && recall.ValueKind == JsonValueKind.Object ? recall.GetProperty("calls").GetDouble() : 0;
    }

    // Gives up after a minute, with what it was told last.
    private async Task<CliRun> UntilAsync(Func<CliRun, bool> condition, params string[] args)
    {
        var run = await daemon.RunAsync(args);
        for (var attempt = 0; !condition(run) && attempt < 600; attempt++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TestContext.Current.CancellationToken);
            run = await daemon.RunAsync(args);
        }

        return run;
    }

    [Fact]
    public async Task Status_HttpPortElsewhere_ShowsTheModelsAndSaysWhatIsMissing()
    {
        var run = await daemon.RunAsync("status", "--http", "http://127.0.0.1:9");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("model default", run.Output, StringComparison.Ordinal);
        Assert.Contains("pass --http", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Simulate_ForASecond_IsOnDisk()
    {
        var model = await daemon.CreateModelAsync("simulated");

        var run = await daemon.RunAsync("simulate", "--seconds", "1", "--rate", "2000", "--new-item-every", "10", "--model", model, "--json");
        var get = await daemon.RunAsync("models", "get", model, "--json");

        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        Assert.True(Number(run, "interactions") > 0);
        Assert.Equal(Number(run, "interactions") / 10, Number(run, "new_items"));
        Assert.Equal(Number(run, "interactions"), Number(get, "durable_offset"));
    }

    [Fact]
    public async Task LogStat_OfARunningDaemonsDirectory_CountsItsInteractions()
    {
        var model = await daemon.CreateTrainedModelAsync("log-stat");

        var run = await CliRun.OfAsync("log", "stat", daemon.DataDirectory, "--model", model, "--json");

        Assert.Equal(482, Number(run, "interactions"));
    }

    private Task<CliRun> IngestAsync(string model, string format, string file) => daemon.RunAsync("ingest", "--format", format, file, "--model", model, "--json");

    private static long Number(CliRun run, string property)
    {
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.GetProperty(property).GetInt64();
    }

    private static string? Option(CliRun run, string name)
    {
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.GetProperty("options").GetProperty(name).GetString();
    }

    private static string[] Ids(CliRun run) => [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0])];
}

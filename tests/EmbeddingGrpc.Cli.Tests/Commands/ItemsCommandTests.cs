using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

/// <summary>The catalogue's commands against a real daemon, as a user would give them.</summary>
public sealed class ItemsCommandTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Items_FromAMovielensFileToADeletion_AreWhatIsListed()
    {
        var model = await daemon.CreateModelAsync("items-session");
        var file = _directory.Write("movies.csv", "movieId,title,genres\n1,Toy Story (1995),Adventure|Animation\n2,\"Ronin, (1998)\",Action\n");

        var upsert = await RunAsync(model, "upsert", "--columns", "item=movieId,title,genres:set", file, "--json");
        var get = await RunAsync(model, "get", "2", "--json");
        var attributes = await RunAsync(model, "attributes");
        var delete = await RunAsync(model, "delete", "2", "never");
        var list = await RunAsync(model, "list");
        var gone = await RunAsync(model, "get", "2");

        Assert.StartsWith("""{"upserted":2,"refused":0,"seconds":""", upsert.Output, StringComparison.Ordinal);
        Assert.Equal("""{"item_id":"2","attributes":{"genres":["Action"],"title":"Ronin, (1998)"}}""", get.Output.Trim());
        Assert.Equal("attribute\ttype\titems\ngenres\ttext_set\t2\ntitle\ttext\t2\n", attributes.Output);
        Assert.Equal("2 items deleted\n", delete.Output);
        Assert.Contains("nothing was known of never", delete.Error, StringComparison.Ordinal);
        Assert.Equal("item\tattributes\n1\tgenres=Adventure|Animation  title=Toy Story (1995)\n", list.Output);
        Assert.Equal((ExitCode.Failed, "error: NOT_FOUND: Item '2' was deleted from model 'items-session'.\n"), (gone.ExitCode, gone.Error));
    }

    [Fact]
    public async Task Upsert_WhatListPrinted_IsTheSameCatalogue()
    {
        var (from, to) = (await daemon.CreateModelAsync("items-from"), await daemon.CreateModelAsync("items-to"));
        var lines = string.Join('\n', Enumerable.Range(0, 1200).Select(n => $$$"""{"item_id":"i{{{n}}}","attributes":{"d":{"timestamp":"2026-01-02T03:04:05.678Z"},"n":{{{n}}}.25,"s":["a","b"],"t":"x","y":true}}"""));
        await RunAsync(from, "upsert", _directory.Write("items.jsonl", lines));

        var printed = await RunAsync(from, "list", "--json");
        await RunAsync(to, "upsert", _directory.Write("again.jsonl", printed.Output));

        Assert.Equal(lines, printed.Output.Trim());
        Assert.Equal(printed.Output, (await RunAsync(to, "list", "--json")).Output);
        Assert.Equal(3, (await RunAsync(to, "list", "--limit", "2")).Output.Count(c => c == '\n'));
    }

    [Fact]
    public async Task Upsert_BadLines_AreReportedByNumberAndTheOthersTaken()
    {
        var model = await daemon.CreateModelAsync("items-bad");
        var file = _directory.Write(
            "items.jsonl",
            """
            {"item_id": "a", "attributes": {"price": 1}}
            {"item_id": "b", "attributes": {"price": "two"}}
            nonsense
            {"item_id": "c\u0001", "attributes": {}}
            {"item_id": "d", "attributes": {"price": 4}}
            {"item_id": "a", "attributes": {"price": 6}}
            """);

        var run = await RunAsync(model, "upsert", file);
        var strict = await RunAsync(model, "upsert", "--strict", file);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.StartsWith("3 items upserted", run.Output, StringComparison.Ordinal);
        Assert.Contains($"{file}:2: attributes[price] is a text; 'price' is a number since its first use", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{file}:3: not JSON", run.Error, StringComparison.Ordinal);
        Assert.Contains($"{file}:4: item_id has the control character U+0001", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, strict.ExitCode);
        Assert.Equal("item\tattributes\na\tprice=6\nd\tprice=4\n", (await RunAsync(model, "list")).Output);
    }

    [Theory]
    [InlineData("cannot be told from its name", "upsert", "things")]
    [InlineData("'money' is not a type", "upsert", "--columns", "price:money", "things.csv")]
    [InlineData("--columns is for csv", "upsert", "--columns", "price", "things.jsonl")]
    [InlineData("name the items, or a file", "delete")]
    [InlineData("name the items, or a file", "delete", "a", "--file", "b")]
    [InlineData("confirm it with --yes", "erase-user", "ada")]
    public async Task Items_WrongCommandLine_SaysWhatIsRight(string expected, params string[] args)
    {
        var run = await daemon.RunAsync(args[0] == "erase-user" ? args : ["items", .. args]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_FromAFile_DeletesEachLine()
    {
        var model = await daemon.CreateModelAsync("items-delete");
        await RunAsync(model, "upsert", _directory.Write("items.csv", "id,title\na,A\nb,B\nc,C\n"));

        var run = await RunAsync(model, "delete", "--file", _directory.Write("gone.txt", "a\n\nc\na\n"), "--json");

        Assert.Equal("""{"deleted":2,"unknown_item_ids":[]}""", run.Output.Trim());
        Assert.Equal("item\tattributes\nb\ttitle=B\n", (await RunAsync(model, "list")).Output);
    }

    [Fact]
    public async Task Delete_Purge_PrintsTheReceipt()
    {
        var model = await daemon.CreateModelAsync("items-purge");
        await RunAsync(model, "upsert", _directory.Write("items.csv", "id,title\na,A\nb,B\n"));

        var run = await RunAsync(model, "delete", "--purge", "a");
        var json = await RunAsync(model, "delete", "--purge", "b", "--json");

        Assert.StartsWith("1 items deleted\nstore\tfree since\twhat was done\ncatalogue\t", run.Output, StringComparison.Ordinal);
        Assert.Contains("1 records with attributes were taken out", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"stores\":[{\"name\":\"catalogue\",\"free_time\":\"", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EraseUser_UserWithAHistory_PrintsTheReceipt()
    {
        var model = await daemon.CreateTrainedModelAsync("erase-user");

        var run = await daemon.RunAsync("erase-user", "beginner", "--yes", "--model", model);
        var json = await daemon.RunAsync("erase-user", "beginner", "--yes", "--json", "--model", model);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.StartsWith($"user erased from model {model}; ", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 interactions were taken out, 1 files written anew.", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"interactions_erased\":0,", json.Output, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"checkpoints\",\"free_time\":\"", json.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_Filter_AnswersWhatFitsOrSaysWhy()
    {
        var model = await daemon.CreateTrainedModelAsync("recall-filter");
        await RunAsync(model, "upsert", "--columns", "item=id,tags:set", _directory.Write("items.csv", "id,tags\nb,x|y\nd,y\nf,z\n"));
        Task<CliRun> RecallAsync(string filter) => daemon.RunAsync("recall", "--item", "a", "--filter", filter, "--model", model);

        var fitting = await RecallAsync("""{"text": {"attribute": "tags", "any_of": ["y"]}}""");
        var misfit = await RecallAsync("""{"number": {"attribute": "tags", "at_least": 1}}""");
        var broken = await RecallAsync("""{"colour": 1}""");

        Assert.Equal(["b", "d"], fitting.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t')[0]).Order());
        Assert.Contains("filter.number.attribute: 'tags' is a text_set; use a text condition", misfit.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, broken.ExitCode);
        Assert.Contains("--filter is not a filter as JSON", broken.Error, StringComparison.Ordinal);
    }

    private Task<CliRun> RunAsync(string model, params string[] args) => daemon.RunAsync(["items", .. args, "--model", model]);
}

using System.Text.Json;
using System.Text.Json.Nodes;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Tests.Commands;

/// <summary>train, generations, promote, rollback and evaluate against a real daemon.</summary>
public sealed class GenerationCommandTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Train_WorseThanWhatServes_EndsWithThreeAndPromoteAndRollbackSwitch()
    {
        using var client = new EmbeddingClient(daemon.Address);
        var create = new CreateModelRequest
        {
            Model = "gated",
            Options = { ["Training.Dimension"] = "16", ["Training.Epochs"] = "10", ["Training.Threads"] = "1", ["Promotion.MinimumQueries"] = "50" },
        };
        await client.Models.CreateModelAsync(create, cancellationToken: TestContext.Current.CancellationToken);
        await OfAsync("ingest", "--format", "csv", Visits("first.csv", 0));
        Assert.Contains("unopposed", (await OfAsync("train")).Output, StringComparison.Ordinal);
        var update = new UpdateModelRequest { Model = "gated", Options = { ["Training.Epochs"] = "1", ["Training.LearningRate"] = "0.000001" } };
        await client.Models.UpdateModelAsync(update, cancellationToken: TestContext.Current.CancellationToken);
        await OfAsync("ingest", "--format", "csv", Visits("second.csv", 400));

        var rejected = await daemon.RunAsync("train", "--model", "gated", "--json");

        Assert.Equal(ExitCode.Rejected, rejected.ExitCode);
        Assert.Contains("worse", rejected.Error, StringComparison.Ordinal);
        var document = JsonDocument.Parse(rejected.Output).RootElement;
        Assert.False(document.GetProperty("serving").GetBoolean());
        var promotion = document.GetProperty("promotion");
        Assert.Equal("rejected", promotion.GetProperty("verdict").GetString());
        Assert.True(promotion.GetProperty("difference").GetProperty("upper").GetDouble() < 0);
        var compared = promotion.GetProperty("evaluation").GetProperty("recommenders").EnumerateArray().Select(report => report.GetProperty("name").GetString()).ToArray();
        Assert.Equal(6, compared.Length);
        Assert.Contains("candidate, blended", compared);
        Assert.Contains("serving, blended", compared);
        Assert.Contains("rejected", (await OfAsync("generations")).Output, StringComparison.Ordinal);

        Assert.Contains("generation 2", (await OfAsync("promote", "2")).Output, StringComparison.Ordinal);
        Assert.Contains("generation 1", (await OfAsync("rollback")).Output, StringComparison.Ordinal);
        var nothing = await daemon.RunAsync("rollback", "--model", "gated");
        Assert.Equal(ExitCode.Failed, nothing.ExitCode);
        Assert.Contains("KeepGenerations", nothing.Error, StringComparison.Ordinal);
        var unknown = await daemon.RunAsync("promote", "9", "--model", "gated");
        Assert.Contains("no generation '9'", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_FileAndDaemonOnTheSameEvents_ReportTheSame()
    {
        var file = Visits("visits.csv", 0);
        string[] options = ["--dimension", "8", "--epochs", "3", "--threads", "1"];
        var offline = await CliRun.OfAsync(["evaluate", "--format", "csv", file, "--k", "5", "--json", .. options]);
        await daemon.CreateModelAsync("evaluated");
        Assert.Equal(ExitCode.Success, (await daemon.RunAsync("ingest", "--format", "csv", file, "--model", "evaluated")).ExitCode);
        var online = await daemon.RunAsync("evaluate", "--model", "evaluated", "--k", "5", "--json");

        Assert.True(offline.ExitCode == ExitCode.Success, offline.Error);
        Assert.True(online.ExitCode == ExitCode.Success, online.Error);
        var (left, right) = (JsonNode.Parse(offline.Output)!, JsonNode.Parse(online.Output)!);
        Assert.Equal(5, (int)left["k"]!);
        Assert.Equal(["embeddings", "popularity", "co-occurrence"], Names(left));
        // The other sources of recall are the daemon's: a file has none.
        var blended = Assert.Single(right["recommenders"]!.AsArray(), report => (string?)report!["name"] == "blended");
        right["recommenders"]!.AsArray().Remove(blended);
        Assert.True(JsonNode.DeepEquals(left, right), $"{offline.Output}\n{online.Output}");

        static IEnumerable<string?> Names(JsonNode report) => report["recommenders"]!.AsArray().Select(recommender => (string?)recommender!["name"]);
    }

    [Fact]
    public async Task Evaluate_Text_IsATable()
    {
        var run = await CliRun.OfAsync("evaluate", "--format", "csv", Visits("visits.csv", 0), "--dimension", "8", "--epochs", "1");

        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        foreach (var text in new[] { "recall@10", "embeddings", "popularity", "co-occurrence", "new items", "light users" }) Assert.Contains(text, run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--test-fraction is 1; it must be 0.001..0.9", "--test-fraction", "1")]
    [InlineData("--k is 0; it must be 1..1000", "--k", "0")]
    public async Task Evaluate_WrongCommandLine_SaysWhatWouldBeRight(string expected, params string[] args)
    {
        var run = await CliRun.OfAsync(["evaluate", .. args]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_NothingIngested_SaysSo()
    {
        await daemon.CreateModelAsync("empty");

        var run = await daemon.RunAsync("evaluate", "--model", "empty");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("no interactions", run.Error, StringComparison.Ordinal);
    }

    private async Task<CliRun> OfAsync(params string[] args)
    {
        var run = await daemon.RunAsync([.. args, "--model", "gated"]);
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        return run;
    }

    /// <summary>Four hundred visits, each of a user of its own and within one of six groups of items.</summary>
    private string Visits(string name, int first)
    {
        var random = new Random(first);
        var lines = new List<string> { "user,item,time" };
        for (var visit = first; visit < first + 400; visit++)
        {
            var group = random.Next(6);
            for (var step = 0; step < 6; step++) lines.Add($"v{visit},g{group}-{random.Next(20)},{1_700_000_000 + (visit * 100) + step}");
        }

        return _directory.Write(name, string.Join('\n', lines));
    }
}

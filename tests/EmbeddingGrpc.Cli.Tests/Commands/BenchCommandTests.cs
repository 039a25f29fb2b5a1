using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class BenchCommandTests
{
    [Theory]
    [InlineData("--batch is 20000; it must be 1..10000", "ingest", "--batch", "20000")]
    [InlineData("--streams is 0; it must be 1..", "ingest", "--streams", "0")]
    [InlineData("--rate is -1; it must be 0..", "ingest", "--rate", "-1")]
    [InlineData("--http 'localhost' is not an http:// or https:// address", "ingest", "--http", "localhost")]
    [InlineData("--k is 1001; it must be 1..1000", "recall", "--k", "1001")]
    [InlineData("--query user needs --ids FILE", "recall", "--query", "user")]
    public async Task Bench_WrongCommandLine_SaysWhatWouldBeRight(string expected, params string[] args)
    {
        var run = await CliRun.OfAsync(["bench", .. args]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bench_RealDaemon_MeasuresIngestionAndThenRecallInBothLoops()
    {
        await using var daemon = await RunningDaemon.StartAsync("--EmbeddingGrpc:Model:Training:Epochs=1", "--EmbeddingGrpc:Model:Training:Dimension=16");

        var ingest = await CliRun.OfAsync("bench", "ingest", "--address", daemon.Address, "--users", "50", "--items", "60", "--batch", "100", "--seconds", "1", "--rate", "2000",
            "--data-directory", daemon.DataDirectory, "--json");
        Assert.True(ingest.ExitCode == ExitCode.Success, ingest.Error);
        var ingested = LastLine(ingest);
        Assert.True(ingested.GetProperty("interactions").GetInt64() > 0);
        Assert.True(ingested.GetProperty("interactions_per_second").GetDouble() > 0);
        Assert.Equal(0, ingested.GetProperty("rejected").GetInt64());
        foreach (var figure in new[] { "ack_p50_ms", "ack_p99_ms", "applied_lag_ms" }) Assert.True(ingested.GetProperty(figure).GetDouble() >= 0);

        Assert.InRange(ingested.GetProperty("fsync_p50_ms").GetDouble(), 0.0001, ingested.GetProperty("fsync_p99_ms").GetDouble());
        // The data directory says where its HTTP port is.
        foreach (var figure in new[] { "rss_mb_start", "rss_mb_middle", "rss_mb_end" })
            Assert.InRange(ingested.GetProperty(figure).GetDouble(), 1, ingested.GetProperty("rss_mb_peak").GetDouble());
        Assert.DoesNotContain(Directory.GetFiles(daemon.DataDirectory), file => Path.GetFileName(file).StartsWith("fsync", StringComparison.Ordinal));

        var train = await CliRun.OfAsync("train", "--address", daemon.Address);
        Assert.True(train.ExitCode == ExitCode.Success, train.Error);

        foreach (string[] loop in new string[][] { ["--in-flight", "2"], ["--rate", "50"], ["--rate", "50", "--query", "vector"], ["--query", "item"] })
        {
            var recall = await CliRun.OfAsync(["bench", "recall", "--address", daemon.Address, "--seconds", "1", "--warm-up", "0", "--json", .. loop]);
            Assert.True(recall.ExitCode == ExitCode.Success, recall.Error);
            var measured = LastLine(recall);
            var calls = measured.GetProperty("calls").GetInt64();
            Assert.True(calls > 0);
            Assert.Equal(loop.Contains("--rate") ? "open" : "closed", measured.GetProperty("mode").GetString());
            Assert.Equal(calls, Sum(measured, "from_search", "from_memory", "from_redis"));
            Assert.True(measured.GetProperty("p50_ms").GetDouble() <= measured.GetProperty("p99_ms").GetDouble());
        }

        using var directory = new TemporaryDirectory();
        var ids = directory.Write("ids", "never-seen\n");
        var unknown = await CliRun.OfAsync("bench", "recall", "--address", daemon.Address, "--seconds", "1", "--query", "vector", "--ids", ids);
        Assert.Equal(ExitCode.Failed, unknown.ExitCode);
        Assert.Contains("has no vector of any item to ask about", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BenchFreshness_RealDaemon_FindsNewItemsAndNewUsers()
    {
        await using var daemon = await RunningDaemon.StartAsync();

        var run = await CliRun.OfAsync(
            "bench", "freshness", "--address", daemon.Address, "--items", "3000", "--dimension", "16", "--rate", "2000", "--new-items", "20", "--recall-rate", "20", "--seconds", "2", "--warm-up", "1", "--json");

        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        var measured = LastLine(run);
        Assert.Equal(1, Int(measured, "warm_up_seconds"));
        Assert.Equal((3000, 16, 2000, 20), (Int(measured, "items"), Int(measured, "dimension"), Int(measured, "rate"), Int(measured, "new_items")));
        Assert.Equal((60, 40, 0), (Int(measured, "new_items_sent"), Int(measured, "new_items_measured"), Int(measured, "new_items_missed")));
        Assert.Equal(40, Int(measured, "recalls"));
        Assert.Equal(40, Int(measured, "user_events_measured"));
        foreach (var figure in new[] { "new_item_p99_ms", "user_event_p99_ms", "recall_p99_ms" }) Assert.True(measured.GetProperty(figure).GetDouble() > 0);
        Assert.Equal(60.0 / 3060, measured.GetProperty("cold_share_catalogue").GetDouble(), 1e-6);
        Assert.InRange(measured.GetProperty("hub_ratio").GetDouble(), 0, 2);
        Assert.Empty(measured.GetProperty("missed").EnumerateArray());
    }

    [Fact]
    public async Task BenchRecall_NothingTrained_SaysSo()
    {
        await using var daemon = await RunningDaemon.StartAsync();

        var run = await CliRun.OfAsync("bench", "recall", "--address", daemon.Address, "--seconds", "1");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("train", run.Error, StringComparison.OrdinalIgnoreCase);
    }

    private static JsonElement LastLine(CliRun run) => JsonDocument.Parse(run.Output.TrimEnd().Split('\n')[^1]).RootElement;

    private static int Int(JsonElement document, string name) => document.GetProperty(name).GetInt32();

    private static long Sum(JsonElement document, params string[] names) => names.Sum(name => document.GetProperty(name).GetInt64());
}

using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.EventLog;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class LogCommandTests : IAsyncLifetime
{
    private const long Time = 1_700_000_000_000;

    private readonly TemporaryDirectory _data = new();

    private string LogDirectory => Path.Combine(_data.Path, "models", "default", "log");

    private string Segment => Directory.EnumerateFiles(LogDirectory, "*.log").Single();

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(LogDirectory);
        await using var log = InteractionLog.Open(LogDirectory, new EventLogOptions(), TimeProvider.System, NullLogger.Instance);
        for (var group = 0; group < 5; group++)
        {
            var interactions = Enumerable.Range(0, 10).Select(i => new Interaction($"user-{group}", $"item-{i}", InteractionType.Click, Time + i, 1.5f)).ToArray();
            await log.AppendAsync(new AppendBatch(interactions), TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync()
    {
        _data.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Verify_SoundLog_SaysSo()
    {
        var run = await CliRun.OfAsync("log", "verify", _data.Path);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.StartsWith("sound: 1 segments", run.Output, StringComparison.Ordinal);
        Assert.Contains("50 interactions, offsets 0..50", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VerifyThenSalvage_DamageInTheMiddle_IsFoundAndGivenUp()
    {
        Damage();

        var verify = await CliRun.OfAsync("log", "verify", LogDirectory);
        var refused = await CliRun.OfAsync("log", "salvage", LogDirectory);
        var salvage = await CliRun.OfAsync("log", "salvage", LogDirectory, "--yes");
        var again = await CliRun.OfAsync("log", "verify", LogDirectory);

        Assert.Equal(ExitCode.Failed, verify.ExitCode);
        Assert.Contains($"{Segment}:", verify.Output, StringComparison.Ordinal);
        Assert.Contains("embedctl log salvage", verify.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.True(salvage.ExitCode == ExitCode.Success, salvage.Error);
        Assert.Contains(".damaged", salvage.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, again.ExitCode);
    }

    [Fact]
    public async Task Stat_Json_HasWhatTheLogHolds()
    {
        var run = await CliRun.OfAsync("log", "stat", _data.Path, "--json");

        using var report = JsonDocument.Parse(run.Output);
        Assert.Equal(50, report.RootElement.GetProperty("interactions").GetInt64());
        Assert.Equal(new FileInfo(Segment).Length, report.RootElement.GetProperty("bytes").GetInt64());
        Assert.Equal(5, report.RootElement.GetProperty("segments")[0].GetProperty("groups").GetInt64());
    }

    [Fact]
    public async Task Stat_Text_HasALineForEachSegment()
    {
        var run = await CliRun.OfAsync("log", "stat", _data.Path);

        Assert.Matches(@"00000000000000000000\.log\t0\t50\t\d+\t5\t50\t0\t0\t.*\tsound\n", run.Output);
    }

    [Fact]
    public async Task Dump_PartOfTheLog_WritesTheseEntries()
    {
        var text = await CliRun.OfAsync("log", "dump", _data.Path, "--from", "9", "--to", "11");
        var json = await CliRun.OfAsync("log", "dump", _data.Path, "--from", "49", "--json");

        Assert.Equal(
            "offset\tkind\tuser\titem\ttime\tweight\trecall\n"
            + "9\tclick\tuser-0\titem-9\t2023-11-14T22:13:20.009Z\t1.5\t\n"
            + "10\tclick\tuser-1\titem-0\t2023-11-14T22:13:20.000Z\t1.5\t\n",
            text.Output);
        using var entry = JsonDocument.Parse(json.Output);
        Assert.Equal((49, "user-4", "item-9"), (entry.RootElement.GetProperty("offset").GetInt32(), entry.RootElement.GetProperty("user_id").GetString(), entry.RootElement.GetProperty("item_id").GetString()));
    }

    [Fact]
    public async Task Dump_DamagedLog_NamesThePlace()
    {
        Damage();

        var run = await CliRun.OfAsync("log", "dump", _data.Path);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains(Segment, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_UnknownModel_NamesThoseThereAre()
    {
        var run = await CliRun.OfAsync("log", "verify", _data.Path, "--model", "films");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("it has models default", run.Error, StringComparison.Ordinal);
    }

    private void Damage()
    {
        var bytes = File.ReadAllBytes(Segment);
        bytes[bytes.Length / 2] ^= 0xFF;
        File.WriteAllBytes(Segment, bytes);
    }
}

using System.Globalization;
using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class BenchPrequentialCommandTests : IDisposable
{
    private const int ItemsOfCamp = 15;
    private const int Hour = 3_600;

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Prequential_NewItemsAfterTheTraining_OnlyThoseWhoKeepUpFindThem()
    {
        var file = Path.Combine(_directory.Path, "events.csv");
        await File.WriteAllLinesAsync(file, ["user,item,time", .. World(), "u1,never,0"], TestContext.Current.CancellationToken);

        var run = await CliRun.OfAsync(
            "bench", "prequential", "--format", "csv", file, "--warm-up", "0.8", "--k", "10", "--retrain-hours", "10", "--set", "Training.Dimension=16", "--set", "Training.Threads=1",
            "--set", "Training.Epochs=10", "--json");

        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        var report = JsonDocument.Parse(run.Output.TrimEnd().Split('\n')[^1]).RootElement;
        var (interactions, warmUp, steps) = (Int(report, "interactions"), Int(report, "warm_up"), Int(report, "steps"));
        Assert.Equal((World().Count() + 1, 10), (interactions, Int(report, "k")));
        Assert.Equal(interactions, warmUp + steps);
        Assert.Contains("1 interactions were refused, the first because of its event_time_ms", run.Error, StringComparison.Ordinal);
        Assert.True(Int(report, "trainings") >= 3);
        Assert.True(Int(report, "new_item_steps") > 50);
        Assert.Equal(5, Int(report, "unknowable_steps"));

        var answers = report.GetProperty("answers").EnumerateArray().ToArray();
        Assert.Equal(9, answers.Length);
        Assert.Equal(0, Hits("trained once", "embeddings"));
        Assert.True(Hits("trained once, fold-in", "embeddings") > 0);
        Assert.True(Hits("retrained", "embeddings") > 0);
        Assert.True(Hits("any", "graph") > 0);
        Assert.All(answers, answer => Assert.Equal(10, answer.GetProperty("hit_rate_over_time").GetArrayLength()));

        int Hits(string policy, string sources) => Int(
            answers.Single(answer => answer.GetProperty("policy").GetString() == policy && answer.GetProperty("sources").GetString() == sources), "new_item_hits");
    }

    [Fact]
    public async Task Prequential_FileTooSmall_SaysSo()
    {
        var file = Path.Combine(_directory.Path, "events.csv");
        await File.WriteAllLinesAsync(file, ["user,item,time", "ada,metropolis,1700000000"], TestContext.Current.CancellationToken);

        var run = await CliRun.OfAsync("bench", "prequential", "--format", "csv", file);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("too few", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prequential_OptionThatDoesNotExist_NamesIt()
    {
        var file = Path.Combine(_directory.Path, "events.csv");
        await File.WriteAllLinesAsync(file, ["user,item,time", .. World()], TestContext.Current.CancellationToken);

        var run = await CliRun.OfAsync("bench", "prequential", "--format", "csv", file, "--set", "Training.Dimensions=64");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("Training.Dimensions", run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    /// <summary>Users in two camps, ten visits an hour; from the 100th hour on a third of what camp 0 does is with five items that were not there before.</summary>
    private static IEnumerable<string> World()
    {
        var random = new Random(3);
        var time = 1_700_000_000L;
        for (var hour = 0; hour < 125; hour++)
        {
            for (var visit = 0; visit < 10; visit++)
            {
                var user = (hour * 10) + visit;
                for (var step = 0; step < 3; step++)
                {
                    var camp = user % 2;
                    var item = hour >= 100 && camp == 0 && random.Next(3) == 0
                        ? string.Create(CultureInfo.InvariantCulture, $"new-{random.Next(5)}")
                        : string.Create(CultureInfo.InvariantCulture, $"camp{camp}-{random.Next(ItemsOfCamp)}");
                    yield return string.Create(CultureInfo.InvariantCulture, $"u{user % 200},{item},{time + (hour * Hour) + (visit * 60) + step}");
                }
            }
        }
    }

    private static int Int(JsonElement document, string name) => document.GetProperty(name).GetInt32();
}

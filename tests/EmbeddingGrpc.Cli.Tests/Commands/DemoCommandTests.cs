using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Simulation;

namespace EmbeddingGrpc.Cli.Tests.Commands;

/// <summary>The demo on files that are small enough to be trained in a second: daemon, gRPC, disk and Redis are the real ones.</summary>
public sealed class DemoCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Demo_LawfulSequences_BeatsPopularityAndEndsWithItsFiguresAsJson()
    {
        var file = _directory.Write("histories.txt", Histories(new SimulatedWorldOptions { Users = 400, Items = 200, Topics = 10 }));

        var run = await CliRun.OfAsync("demo", "--directory", _directory.Path, "--format", "sequences", file);

        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        using var figures = JsonDocument.Parse(run.Output.TrimEnd().Split('\n')[^1]);
        Assert.Equal(
            ["hit10", "popularity10", "random10", "redis_hits", "seconds"], figures.RootElement.EnumerateObject().Select(property => property.Name));
        Assert.True(figures.RootElement.GetProperty("hit10").GetDouble() > 1.5 * figures.RootElement.GetProperty("popularity10").GetDouble());
        Assert.True(figures.RootElement.GetProperty("redis_hits").GetInt32() > 0);
        Assert.Contains("Items like these", run.Output, StringComparison.Ordinal);
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task Demo_NobodyHasEnoughInteractions_SaysWhatIsMissingAndCleansUp()
    {
        var file = _directory.Write("histories.txt", "ann a b\nbob b c\n");

        var run = await CliRun.OfAsync("demo", "--directory", _directory.Path, "--format", "sequences", file);

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("no user has the 3 interactions", run.Error, StringComparison.Ordinal);
        Assert.Equal([file], Directory.EnumerateFileSystemEntries(_directory.Path));
    }

    [Fact]
    public async Task Demo_FileMissing_NamesIt()
    {
        var run = await CliRun.OfAsync("demo", "--format", "movielens", "/no/such/ratings.csv");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("file not found: /no/such/ratings.csv", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--format needs a FILE to read.", "--format", "movielens")]
    [InlineData("FILE needs --format", "ratings.csv")]
    public async Task Demo_HalfOfAFile_SaysWhatIsMissing(string expected, params string[] args)
    {
        var run = await CliRun.OfAsync(["demo", .. args]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    private static string Histories(SimulatedWorldOptions options) =>
        string.Join('\n', new SimulatedWorld(options).Interactions().GroupBy(i => i.UserId).Select(user => $"{user.Key} {string.Join(' ', user.Select(i => i.ItemId))}"));
}

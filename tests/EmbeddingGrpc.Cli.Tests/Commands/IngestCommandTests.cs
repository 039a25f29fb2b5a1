using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class IngestCommandTests
{
    [Theory]
    [InlineData("--format '99' is not one of movielens, sequences, sessions, csv.", "--format", "99", "f")]
    [InlineData("--format 'xml' is not one of movielens, sequences, sessions, csv.", "--format", "xml", "f")]
    [InlineData("Option '--format' is required.", "f")]
    [InlineData("Required argument 'FILE' missing", "--format", "csv")]
    [InlineData("--columns: 'colour' is not one of user, item, time, type, weight.", "--format", "csv", "--columns", "colour=red", "f")]
    [InlineData("--columns: 'user' is given twice.", "--format", "csv", "--columns", "user=a,user=b", "f")]
    [InlineData("--columns: 'user' is not ROLE=COLUMN.", "--format", "csv", "--columns", "user", "f")]
    [InlineData("--address 'localhost:1' is not an http://, https:// or dns:/// address", "--format", "csv", "--address", "localhost:1", "f")]
    [InlineData("Unknown option '--fromat'. Did you mean --format? See 'embedctl ingest --help'.", "--fromat", "csv", "f")]
    public async Task Ingest_WrongCommandLine_SaysWhatWouldBeRight(string expected, params string[] args)
    {
        var run = await CliRun.OfAsync(["ingest", .. args]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ingest_DaemonDown_SaysHowToStartItOrWhereElseToLook()
    {
        var run = await CliRun.OfAsync("ingest", "--format", "csv", "--address", "http://127.0.0.1:9", "f");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith("error: cannot reach the daemon at http://127.0.0.1:9 ", run.Error, StringComparison.Ordinal);
        Assert.Contains("start it with", run.Error, StringComparison.Ordinal);
        Assert.Contains("--address", run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }
}

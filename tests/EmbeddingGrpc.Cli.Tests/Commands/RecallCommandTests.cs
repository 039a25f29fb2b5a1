using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class RecallCommandTests
{
    [Theory]
    [InlineData("Give exactly one of --item, --user, --session, --vector.")]
    [InlineData("Give exactly one of --item, --user, --session, --vector.", "--item", "1", "--user", "2")]
    [InlineData("Give exactly one of --item, --user, --session, --vector.", "--item", "1", "--user", "2", "--session", "3")]
    [InlineData("--history-weight needs --session and --user", "--session", "1", "--history-weight", "0.5")]
    [InlineData("--history-weight is 2; it must be 0..1.", "--session", "1", "--user", "2", "--history-weight", "2")]
    [InlineData("--interests is 9; it must be 1..8.", "--user", "2", "--interests", "9")]
    [InlineData("--interests needs --user or --session", "--item", "2", "--interests", "2")]
    [InlineData("--half-life-hours needs --user, without --session", "--session", "1", "--user", "2", "--half-life-hours", "2")]
    [InlineData("--half-life-hours is 0; it must be 0.001..876000.", "--user", "1", "--half-life-hours", "0")]
    [InlineData("--k is 0; it must be 1..1000.", "--item", "1", "--k", "0")]
    [InlineData("--k is 1001; it must be 1..1000.", "--item", "1", "--k", "1001")]
    [InlineData("--k is 'many'; it must be a whole number", "--item", "1", "--k", "many")]
    [InlineData("--exclude-seen-last is 0; it must be 1..10000.", "--user", "1", "--exclude-seen-last", "0")]
    [InlineData("--exclude-seen-last contradicts --exclude-seen", "--user", "1", "--exclude-seen-last", "2", "--exclude-seen")]
    [InlineData("--minimum-score is 'high'; it must be a number", "--user", "1", "--minimum-score", "high")]
    [InlineData("--cold-share is 2; it must be 0..1.", "--item", "1", "--cold-share", "2")]
    [InlineData("--target-recall is '0.5'; it must be 0.80..0.999, or 1 for an exact search.", "--item", "1", "--target-recall", "0.5")]
    [InlineData("--target-recall is 'all'; it must be 0.80..0.999", "--item", "1", "--target-recall", "all")]
    public async Task Recall_WrongCommandLine_SaysWhatWouldBeRight(string expected, params string[] args)
    {
        var run = await CliRun.OfAsync(["recall", .. args]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_VectorFileMissing_NamesIt()
    {
        var run = await CliRun.OfAsync("recall", "--vector", "/no/such/file");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("error: file not found: /no/such/file", run.Error.Trim());
    }
}

using System.Text.Json;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class CheckCommandTests(DaemonFixture daemon) : IClassFixture<DaemonFixture>
{
    [Fact]
    public async Task Check_HealthyDaemon_PassesAndLeavesNoModelBehind()
    {
        var before = await CliRun.OfAsync("models", "list", "--address", daemon.Address, "--json");
        var run = await CliRun.OfAsync("check", "--address", daemon.Address, "--json");
        Assert.True(run.ExitCode == ExitCode.Success, run.Error);
        using var outcome = JsonDocument.Parse(run.Output.TrimEnd().Split('\n')[^1]);
        Assert.True(outcome.RootElement.GetProperty("hit10").GetDouble() > 1.5 * outcome.RootElement.GetProperty("popularity10").GetDouble());
        Assert.True(outcome.RootElement.GetProperty("interactions").GetInt32() > 10_000);

        var after = await CliRun.OfAsync("models", "list", "--address", daemon.Address, "--json");
        Assert.Equal(Names(before.Output), Names(after.Output));
    }

    private static string[] Names(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("name").GetString()!)];

    [Fact]
    public async Task Check_NobodyThere_SaysSo()
    {
        var run = await CliRun.OfAsync("check", "--address", "http://127.0.0.1:1");
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("cannot reach the daemon at http://127.0.0.1:1", run.Error, StringComparison.Ordinal);
    }
}

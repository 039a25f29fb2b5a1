using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Tests;

/// <summary>One run of embedctl inside the test process: what it printed and how it ended.</summary>
internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public static async Task<CliRun> OfAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await EmbedCtl.RunAsync(args, new CommandConsole(output, error), TestContext.Current.CancellationToken);
        return new CliRun(exitCode, output.ToString(), error.ToString());
    }
}

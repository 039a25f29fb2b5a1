using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Tests.Commands;

public sealed class CompletionCommandTests
{
    [Theory]
    [InlineData("bash", "complete ")]
    [InlineData("zsh", "compdef _embedctl embedctl")]
    [InlineData("fish", "complete -c embedctl")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Completion_KnownShell_PrintsItsRegistration(string shell, string registration)
    {
        var run = await CliRun.OfAsync("completion", shell);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains(registration, run.Output, StringComparison.Ordinal);
        Assert.Contains("suggest:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Completion_UnknownShell_NamesTheKnownOnes()
    {
        var run = await CliRun.OfAsync("completion", "tcsh");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("tcsh", run.Error, StringComparison.Ordinal);
        Assert.Contains("bash", run.Error, StringComparison.Ordinal);
    }
}

using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Tests;

public sealed class EmbedCtlTests
{
    public static TheoryData<string> CommandNames => [.. CreateRootCommand().Subcommands.Select(command => command.Name)];

    [Theory]
    [MemberData(nameof(CommandNames))]
    public async Task RunAsync_HelpOfAnyCommand_ShowsExamplesOfThatCommand(string command)
    {
        var run = await CliRun.OfAsync(command, "--help");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Matches("Examples?:", run.Output);
        Assert.Contains($"embedctl {command}", run.Output[run.Output.IndexOf("Example", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Theory]
    [MemberData(nameof(CommandNames))]
    public async Task RunAsync_UnknownOptionOfAnyCommand_IsAUsageErrorThatNamesIt(string command)
    {
        var run = await CliRun.OfAsync(command, "--no-such-option");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--no-such-option", run.Error, StringComparison.Ordinal);
        Assert.Contains($"See 'embedctl {command} --help'", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Usage:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_HelpOfTheRoot_ListsEveryCommandAndTheExitCodes()
    {
        var run = await CliRun.OfAsync("--help");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.All(CreateRootCommand().Subcommands, command => Assert.Contains(command.Name, run.Output, StringComparison.Ordinal));
        Assert.Contains(ExitCode.Legend, run.Output.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_NoArguments_IsAUsageErrorThatShowsHelp()
    {
        var run = await CliRun.OfAsync();

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("Usage:", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_MisspelledCommand_SuggestsTheRightOne()
    {
        var run = await CliRun.OfAsync("completoin");

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Matches(@"Did you mean.*\s+completion", run.Output + run.Error);
    }

    [Fact]
    public async Task RunAsync_SuggestDirective_CompletesCommandNames()
    {
        var run = await CliRun.OfAsync("[suggest:13]", "embedctl comp");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Equal("completion", run.Output.Trim());
    }

    private static System.CommandLine.RootCommand CreateRootCommand() =>
        EmbedCtl.CreateRootCommand(new CommandConsole(TextWriter.Null, TextWriter.Null));
}

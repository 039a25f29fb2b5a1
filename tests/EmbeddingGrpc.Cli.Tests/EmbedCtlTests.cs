using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Tests;

public sealed class EmbedCtlTests
{
    /// <summary>Every command, those within groups too, as typed.</summary>
    public static TheoryData<string> CommandNames => [.. AllCommands(CreateRootCommand(), "")];

    [Theory]
    [MemberData(nameof(CommandNames))]
    public async Task RunAsync_HelpOfAnyCommand_ShowsExamplesOfThatCommand(string command)
    {
        var run = await CliRun.OfAsync([.. command.Split(' '), "--help"]);

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Matches("Examples?:", run.Output);
        Assert.Contains($"embedctl {command}", run.Output[run.Output.IndexOf("Example", StringComparison.Ordinal)..], StringComparison.Ordinal);
        Assert.Empty(run.Error);
    }

    [Theory]
    [MemberData(nameof(CommandNames))]
    public async Task RunAsync_UnknownOptionOfAnyCommand_IsAUsageErrorThatNamesIt(string command)
    {
        var run = await CliRun.OfAsync([.. command.Split(' '), "--no-such-option"]);

        Assert.Equal(ExitCode.Usage, run.ExitCode);
        Assert.Contains("--no-such-option", run.Error, StringComparison.Ordinal);
        Assert.Contains($"See 'embedctl {command} --help'", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Usage:", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(CommandNames))]
    public void CreateRootCommand_EveryOptionAndArgument_IsDescribed(string command)
    {
        System.CommandLine.Command found = CreateRootCommand();
        foreach (var name in command.Split(' ')) found = found.Subcommands.Single(sub => sub.Name == name);

        Assert.All(found.Options.Where(option => option is not System.CommandLine.Help.HelpOption), option => Assert.False(string.IsNullOrEmpty(option.Description), option.Name));
        Assert.All(found.Arguments, argument => Assert.False(string.IsNullOrEmpty(argument.Description), argument.Name));
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

    private static IEnumerable<string> AllCommands(System.CommandLine.Command parent, string prefix) =>
        parent.Subcommands.SelectMany(command => AllCommands(command, $"{prefix}{command.Name} ").Prepend($"{prefix}{command.Name}"));

    private static System.CommandLine.RootCommand CreateRootCommand() =>
        EmbedCtl.CreateRootCommand(new CommandConsole(TextWriter.Null, TextWriter.Null));
}

using Spectre.Console;

namespace EmbeddingGrpc.Cli.Terminal;

/// <summary>
/// Shows how far long work is, on standard error: bars that move where that is a terminal, one line for each finished step where it is not, so that
/// a log of it can be read.
/// </summary>
internal sealed class ProgressDisplay
{
    private readonly CommandConsole _console;
    private readonly ProgressContext? _bars;

    private ProgressDisplay(CommandConsole console, ProgressContext? bars)
    {
        _console = console;
        _bars = bars;
    }

    /// <summary>Does work that has steps to show.</summary>
    public static Task<T> RunAsync<T>(CommandConsole console, Func<ProgressDisplay, Task<T>> work)
    {
        if (!console.ErrorIsTerminal) return work(new ProgressDisplay(console, null));
        return console.Messages.Progress()
            .AutoClear(false)
            .ExcludeVerticalPadding()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = 30 },
                new PercentageColumn(),
                new ElapsedTimeColumn(),
                new SpinnerColumn(Spinner.Known.Dots),
                new StepDetailColumn())
            .StartAsync(bars => work(new ProgressDisplay(console, bars)));
    }

    /// <summary>Begins a step.</summary>
    public ProgressStep Begin(string name)
    {
        var bar = _bars?.AddTask(Markup.Escape(name), autoStart: true, maxValue: 1);
        return new ProgressStep(name, bar, _console);
    }
}

using Spectre.Console;

namespace EmbeddingGrpc.Cli.Terminal;

/// <summary>One step of long work. May be told from any thread.</summary>
/// <param name="name">What is being done.</param>
/// <param name="bar">Its bar on a terminal; null elsewhere.</param>
/// <param name="console">Gets a line when the step is done, where there is no bar.</param>
internal sealed class ProgressStep(string name, ProgressTask? bar, CommandConsole console)
{
    /// <summary>How far it is.</summary>
    /// <param name="fraction">0..1; null where that is not known.</param>
    /// <param name="detail">What else there is to say, such as a rate.</param>
    public void Report(double? fraction, string detail = "")
    {
        if (bar is null) return;
        bar.IsIndeterminate = fraction is null;
        if (fraction is { } value) bar.Value = Math.Clamp(value, 0, 1);
        StepDetailColumn.Set(bar, detail);
    }

    /// <summary>It is done.</summary>
    public void Done(string detail = "")
    {
        if (bar is null)
        {
            console.Error.WriteLine(detail.Length > 0 ? $"{name}: {detail}" : name);
            return;
        }
        bar.IsIndeterminate = false;
        bar.Value = 1;
        StepDetailColumn.Set(bar, detail);
        bar.StopTask();
    }
}

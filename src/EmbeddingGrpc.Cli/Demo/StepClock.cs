using System.Diagnostics;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>How long each step took, in the order in which they ended.</summary>
internal sealed class StepClock
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private readonly List<StepTime> _steps = [];

    public IReadOnlyList<StepTime> Steps => _steps;

    /// <summary>Since the clock was made.</summary>
    public double TotalSeconds => Stopwatch.GetElapsedTime(_began).TotalSeconds;

    /// <summary>Does a step and times it.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="work">Does it, and says what came of it in a few words.</param>
    public async Task MeasureAsync(string name, Func<Task<string>> work)
    {
        var began = Stopwatch.GetTimestamp();
        var detail = await work();
        Add(new StepTime(name, Stopwatch.GetElapsedTime(began).TotalSeconds, detail));
    }

    /// <summary>Adds a step that someone else has timed.</summary>
    public void Add(StepTime step) => _steps.Add(step);
}

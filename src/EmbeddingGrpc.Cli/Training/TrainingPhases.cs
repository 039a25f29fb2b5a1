using System.Diagnostics;
using EmbeddingGrpc.Cli.Demo;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Training;

/// <summary>Shows a training's progress, one step for each phase, and remembers how long each took. Told by one thread, in order.</summary>
/// <param name="display">Where to show it.</param>
internal sealed class TrainingPhases(ProgressDisplay display) : IProgress<TrainingProgress>
{
    private readonly List<StepTime> _finished = [];
    private readonly Dictionary<string, double> _seconds = new(StringComparer.Ordinal);
    private ProgressStep? _step;
    private long _began = Stopwatch.GetTimestamp();
    private TrainingProgress _last = new();

    /// <summary>The phases that are over. The last ends with <see cref="Finish"/>.</summary>
    public IReadOnlyList<StepTime> Finished => _finished;

    /// <summary>By phase, how long the daemon says that it took; all times that it was gone through, together.</summary>
    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        if (_step is null || value.Phase != _last.Phase)
        {
            Finish();
            _began = Stopwatch.GetTimestamp();
            _step = display.Begin(NameOf(value.Phase));
        }
        _last = value;
        _step.Report(value.Fraction, DetailOf(value));
    }

    /// <summary>The training has ended.</summary>
    public void Finish()
    {
        if (_step is null) return;
        _step.Done(string.Join(", ", new[] { $"{_last.ElapsedSeconds:0.00} s", DetailOf(_last) }.Where(text => text.Length > 0)));
        _finished.Add(new StepTime(NameOf(_last.Phase), Stopwatch.GetElapsedTime(_began).TotalSeconds, DetailOf(_last)));
        var phase = _last.Phase.ToString().ToLowerInvariant();
        _seconds[phase] = _seconds.GetValueOrDefault(phase) + _last.ElapsedSeconds;
        _step = null;
    }

    private static string NameOf(TrainingPhase phase) => phase switch
    {
        TrainingPhase.Read => "read the log",
        TrainingPhase.Train => "train",
        TrainingPhase.Evaluate => "compare with what serves",
        TrainingPhase.Finish => "learn the newest",
        TrainingPhase.Index => "build the index",
        TrainingPhase.Write => "write the generation",
        TrainingPhase.Swap => "let it serve",
        _ => "prepare",
    };

    private static string DetailOf(TrainingProgress progress)
    {
        if (progress.Phase is not (TrainingPhase.Train or TrainingPhase.Finish) || progress.WordsPerSecond <= 0) return "";
        var loss = progress.Loss > 0 ? $", loss {progress.Loss:0.000}" : "";
        return $"{progress.WordsPerSecond:N0} words/s{loss}";
    }
}

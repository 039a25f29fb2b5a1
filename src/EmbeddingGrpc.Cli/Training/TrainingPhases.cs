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
    private ProgressStep? _step;
    private long _began = Stopwatch.GetTimestamp();
    private TrainingProgress _last = new();

    /// <summary>The phases that are over. The last ends with <see cref="Finish"/>.</summary>
    public IReadOnlyList<StepTime> Finished => _finished;

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
        _step.Done(DetailOf(_last));
        _finished.Add(new StepTime(NameOf(_last.Phase), Stopwatch.GetElapsedTime(_began).TotalSeconds, DetailOf(_last)));
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
        _ => "prepare",
    };

    private static string DetailOf(TrainingProgress progress)
    {
        if (progress.Phase is not (TrainingPhase.Train or TrainingPhase.Finish) || progress.WordsPerSecond <= 0) return "";
        var loss = progress.Loss > 0 ? $", loss {progress.Loss:0.000}" : "";
        return $"{progress.WordsPerSecond:N0} words/s{loss}";
    }
}

using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Turns what one phase of a training knows of itself into the training's status. One writer.</summary>
internal sealed class PhaseProgress(TrainingRun run, TrainingPhase phase, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private TrainingStatus _last = new(phase);

    /// <summary>Says how far the phase is; the time left follows from the time gone.</summary>
    /// <param name="fraction">0..1.</param>
    public void Report(double fraction)
    {
        var elapsed = time.GetElapsedTime(_started);
        Tell(new(phase, fraction, Elapsed: elapsed, Remaining: fraction > 0 ? elapsed * ((1 - fraction) / fraction) : TimeSpan.Zero));
    }

    /// <summary>Says how far the trainer is.</summary>
    public void Report(TrainingProgress trainer) =>
        Tell(new(phase, trainer.Fraction, trainer.WordsPerSecond, trainer.Loss, trainer.Elapsed, trainer.Remaining));

    /// <summary>The phase's last status.</summary>
    public TrainingStatus End() => _last with { Fraction = 1, Elapsed = time.GetElapsedTime(_started), Remaining = TimeSpan.Zero };

    private void Tell(TrainingStatus status) => run.Report(_last = status);
}

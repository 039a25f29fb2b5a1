namespace EmbeddingGrpc.Server.Models;

/// <summary>Runs the phases of one training, each on a low-priority thread of its own, and tells how far they are. The training's own thread.</summary>
/// <param name="model">The model's name.</param>
/// <param name="niceness">How far the phases step back behind requests: 0 to 19.</param>
/// <param name="run">Told of each phase.</param>
/// <param name="time">The clock.</param>
internal sealed class TrainingPhases(string model, int niceness, TrainingRun run, TimeProvider time)
{
    /// <summary>Runs a phase to its end.</summary>
    /// <param name="phase">Which.</param>
    /// <param name="work">Owns what it is given and frees it when it is stopped, so that nothing is lost between two phases.</param>
    public T Run<T>(TrainingPhase phase, Func<PhaseProgress, T> work)
    {
        // What was worked with so far is large, and what follows is to take its room. Not at the end of the phase before: whoever asked for that still holds it.
        UnusedMemory.LetGo();
        var progress = new PhaseProgress(run, phase, time);
        progress.Report(0);
        var result = LowPriorityThread.Run($"{phase} of {model}", niceness, () => work(progress));
        run.EndPhase(progress.End());
        return result;
    }
}

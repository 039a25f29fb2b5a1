namespace EmbeddingGrpc.Server.Models;

/// <summary>Trains generations of one model, one at a time, on threads of its own.</summary>
public sealed class TrainingWorker
{
    /// <summary>Whether a training runs.</summary>
    public bool IsTraining => throw new NotImplementedException();
}

namespace EmbeddingGrpc.EventLog;

/// <summary>A producer's epoch is older than one that the log knows.</summary>
public sealed class ProducerFencedException(ProducerId producer, ulong currentEpoch)
    : Exception($"Producer '{producer.Name}' epoch {producer.Epoch} is fenced: epoch {currentEpoch} is known.")
{
    /// <summary>The producer that was refused.</summary>
    public ProducerId Producer { get; } = producer;

    /// <summary>The epoch that fenced it.</summary>
    public ulong CurrentEpoch { get; } = currentEpoch;
}

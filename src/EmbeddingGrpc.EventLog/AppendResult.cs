namespace EmbeddingGrpc.EventLog;

/// <summary>What became of a batch, told after it is durable.</summary>
/// <param name="DurableOffset">The watermark just after the batch's last entry: read up to here to see it.</param>
/// <param name="DurableSequence">The producer's highest durable number; 0 without a producer.</param>
/// <param name="Appended">Interactions and records written now.</param>
/// <param name="Duplicates">Interactions that the log had already and ignored.</param>
public readonly record struct AppendResult(LogOffset DurableOffset, ulong DurableSequence, int Appended, int Duplicates);

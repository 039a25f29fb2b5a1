namespace EmbeddingGrpc.EventLog;

/// <summary>Who numbers interactions. A higher epoch of a name starts its numbering anew and fences the lower one out.</summary>
public readonly record struct ProducerId(string Name, ulong Epoch);

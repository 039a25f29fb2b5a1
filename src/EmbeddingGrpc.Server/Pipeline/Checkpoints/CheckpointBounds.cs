using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>What a checkpoint holds of the log: everything before <paramref name="Start"/>, and some of what is before <paramref name="End"/>.</summary>
internal readonly record struct CheckpointBounds(LogOffset Start, LogOffset End);

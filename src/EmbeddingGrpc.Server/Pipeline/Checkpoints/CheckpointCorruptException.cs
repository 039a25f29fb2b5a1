namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>A checkpoint cannot be used; another one, or the log, can.</summary>
internal sealed class CheckpointCorruptException(string reason) : Exception($"The checkpoint cannot be used: {reason}.");

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>What only a checkpoint has cannot be read, and going on would lose it: somebody must decide.</summary>
internal sealed class CheckpointRefusedException(string message) : IOException(message);

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>A newer version of the program wrote a checkpoint.</summary>
internal sealed class CheckpointVersionException(uint version) : Exception($"its format is version {version}, and this program reads version {CheckpointFormat.Version}");

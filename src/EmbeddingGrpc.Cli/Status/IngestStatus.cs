namespace EmbeddingGrpc.Cli.Status;

/// <summary>What comes in, since the daemon's start.</summary>
/// <param name="Streams">Open event streams.</param>
/// <param name="Appended">Interactions written.</param>
/// <param name="Rejected">Interactions refused.</param>
/// <param name="Duplicates">Interactions that were on disk already.</param>
internal sealed record IngestStatus(double Streams, double Appended, double Rejected, double Duplicates);

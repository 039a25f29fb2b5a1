namespace EmbeddingGrpc.Cli.SearchFile;

/// <summary>One point of the curve between thoroughness and speed, as JSON.</summary>
/// <param name="Ef">Size of the candidate pool.</param>
/// <param name="Recall">Share of the true nearest neighbours that were found.</param>
/// <param name="Qps">Queries a second of one thread: the median of several passes.</param>
internal sealed record CurvePointDocument(int Ef, double Recall, double Qps);

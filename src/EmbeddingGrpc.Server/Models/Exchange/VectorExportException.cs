namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Vectors cannot be written in a format of other programs. The message says why and what to do.</summary>
public sealed class VectorExportException(string message) : Exception(message);

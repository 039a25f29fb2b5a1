namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>The log is no longer applied: histories stay as they are until the daemon is started again.</summary>
public sealed class ApplierFailedException(string message, Exception innerException) : Exception(message, innerException);

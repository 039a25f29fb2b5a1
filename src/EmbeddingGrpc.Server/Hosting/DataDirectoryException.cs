namespace EmbeddingGrpc.Server.Hosting;

/// <summary>The data directory cannot be used: another daemon has it, another version wrote it, or it cannot be written. Says which and what to do.</summary>
public sealed class DataDirectoryException(string message, Exception? innerException = null) : Exception(message, innerException);

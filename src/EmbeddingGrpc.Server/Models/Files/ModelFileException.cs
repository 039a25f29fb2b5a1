namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>What is stored of a model cannot be used: damaged, of an unknown version, or unreadable.</summary>
public sealed class ModelFileException(string file, string reason, Exception? innerException = null)
    : Exception($"Model file '{file}' cannot be used: {reason}", innerException)
{
    /// <summary>The file at fault.</summary>
    public string File { get; } = file;
}

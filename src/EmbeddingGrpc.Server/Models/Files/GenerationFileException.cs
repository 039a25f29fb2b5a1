namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>A generation on disk cannot be used: damaged, incomplete, of an unknown version, or unreadable.</summary>
public sealed class GenerationFileException(string file, string reason, Exception? innerException = null)
    : Exception($"Generation file '{file}' cannot be used: {reason}", innerException)
{
    /// <summary>The file at fault.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong with it.</summary>
    public string Reason { get; } = reason;
}

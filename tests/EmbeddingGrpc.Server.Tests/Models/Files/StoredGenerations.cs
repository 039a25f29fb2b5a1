using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Files;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

internal static class StoredGenerations
{
    /// <summary>Writes a generation and reads it back, as a publication does.</summary>
    public static GenerationParts WriteAndLoad(this GenerationDirectory directory, GenerationParts parts, Action<double>? progress, CancellationToken cancellationToken) =>
        directory.Load(directory.Write(parts, progress, cancellationToken), new IndexOpenOptions { Mapped = false }, cancellationToken);
}

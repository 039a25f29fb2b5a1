namespace EmbeddingGrpc.Indexing.Tests.Files;

/// <summary>A file of its own for one test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"embeddinggrpc-index-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(Path);
}

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>A directory of one test's own, removed with it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("embeddinggrpc-functional-").FullName;

    public string File(params string[] parts) => Path.Combine([FullPath, .. parts]);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}

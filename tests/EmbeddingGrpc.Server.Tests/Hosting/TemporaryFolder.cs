namespace EmbeddingGrpc.Server.Tests.Hosting;

/// <summary>A directory that outlives the daemons which a test starts on it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("embeddinggrpc-test-").FullName;

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}

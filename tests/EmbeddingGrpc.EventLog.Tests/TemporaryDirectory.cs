namespace EmbeddingGrpc.EventLog.Tests;

/// <summary>A directory of its own for one test, on the real disk.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("eventlog-").FullName;

    public string[] Segments => [.. Directory.GetFiles(Path, "*.log").Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

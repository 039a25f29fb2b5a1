using EmbeddingGrpc.EventLog;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

/// <summary>A real log in a directory of its own.</summary>
internal sealed class TemporaryLog : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embeddinggrpc-log-").FullName;

    public TemporaryLog() => Log = Open();

    public InteractionLog Log { get; private set; }

    public static Interaction Interaction(int n) => new($"user-{n % 13}", $"item-{n % 29}", InteractionType.View, 1_700_000_000_000 + n);

    public async Task AppendAsync(int from, int count) => await Log.AppendAsync(
        new AppendBatch([.. Enumerable.Range(from, count).Select(Interaction)]), TestContext.Current.CancellationToken);

    public async Task ReopenAsync()
    {
        await Log.DisposeAsync();
        Log = Open();
    }

    public string Segment() => Directory.EnumerateFiles(_directory, "*", SearchOption.AllDirectories).OrderByDescending(file => new FileInfo(file).Length).First();

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    private InteractionLog Open() => InteractionLog.Open(_directory, new EventLogOptions(), TimeProvider.System, NullLogger.Instance);
}

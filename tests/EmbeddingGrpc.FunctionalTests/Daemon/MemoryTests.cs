using System.Globalization;
using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>What the daemon says of its memory is so, and the bounds that a container sets hold.</summary>
public sealed class MemoryTests : IDisposable
{
    private const long HeapLimit = 256 * 1024 * 1024;

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Start_WithAHeapLimit_KeepsToItAndTellsIt()
    {
        var environment = new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = HeapLimit.ToString("x", CultureInfo.InvariantCulture) };
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, environment, Cancel, ShoppingWorld.Settings);
        await daemon.LearnShoppingAsync(Cancel);
        await daemon.RecallItemAsync(ShoppingWorld.Item("books", 0), Cancel);
        var metrics = await DaemonMetrics.ScrapeAsync(daemon, Cancel);
        Assert.Equal(HeapLimit, metrics.Of("embeddinggrpc_memory_heap_limit_bytes"));
        Assert.InRange(metrics.Of("embeddinggrpc_memory_process_bytes", "kind=\"managed\""), 1, HeapLimit);
        // What kills the container is another limit: that of the control group.
        Assert.True(metrics.Of("embeddinggrpc_memory_limit_bytes") > HeapLimit);
    }

    [Fact]
    public async Task Rooms_OfALearnedDaemon_AreFilled()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        await daemon.LearnShoppingAsync(Cancel);
        await daemon.RecallItemAsync(ShoppingWorld.Item("books", 0), Cancel);
        var metrics = await DaemonMetrics.ScrapeAsync(daemon, Cancel);
        foreach (var room in new[] { "item_keys", "histories", "counters", "item_graph", "vocabulary", "answers" })
            Assert.True(metrics.Of("embeddinggrpc_memory_room_bytes", $"room=\"{room}\"") > 0, room);
        // Three tables of 45 rows, each row one line of 64 bytes at dimension 16.
        Assert.Equal(3 * 45 * 64, metrics.Of("embeddinggrpc_memory_room_bytes", "room=\"vectors\""));
        var parts = new[] { "managed", "native", "mapped" }.Sum(kind => metrics.Of("embeddinggrpc_memory_process_bytes", $"kind=\"{kind}\""));
        Assert.InRange(metrics.Of("embeddinggrpc_memory_resident_bytes"), parts * 0.8, parts * 1.2);
    }
}

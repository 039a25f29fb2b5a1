using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>One daemon that has learned the shopping world, shared by tests that only ask it.</summary>
public sealed class LearnedDaemon : IAsyncLifetime
{
    private readonly TemporaryDirectory _data = new();

    internal DaemonProcess Daemon { get; private set; } = null!;

    internal Generation Generation { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Daemon = await DaemonProcess.StartAsync(_data.FullPath, CancellationToken.None, ShoppingWorld.Settings);
        Generation = await Daemon.LearnShoppingAsync(CancellationToken.None);
        var learned = (ulong)ShoppingWorld.Interactions.Count;
        await Eventually.TrueAsync(
            "the histories hold everything", async () => (await Daemon.GetModelAsync(CancellationToken.None)).AppliedOffset == learned, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Daemon.DisposeAsync();
        _data.Dispose();
    }
}

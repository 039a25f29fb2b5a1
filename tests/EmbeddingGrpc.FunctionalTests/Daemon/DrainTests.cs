using EmbeddingGrpc.FunctionalTests.Harness;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>SIGTERM: streams are told to come to an end, what they sent is kept, and the process ends by itself.</summary>
public sealed class DrainTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Terminate_WithAnOpenStream_DrainsItAndKeepsWhatItSent()
    {
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
        {
            using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
            await stream.SendAsync(ShoppingWorld.Interactions.Take(50));
            await stream.ReadUntilAcknowledgedAsync(50);

            daemon.Terminate();
            while (!stream.Draining) Assert.True(await stream.ReadAsync(), "The stream ended before it was told to.");
            await stream.SendAsync(ShoppingWorld.Interactions.Skip(50).Take(10));
            await stream.FinishAsync();

            Assert.Equal(60UL, stream.Acknowledged);
            Assert.Equal(0, await daemon.WaitForExitAsync(Cancel));
        }

        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel))
            Assert.Equal(60UL, (await daemon.GetModelAsync(Cancel)).DurableOffset);
    }

    [Fact]
    public async Task Terminate_WithAStreamThatNeverEnds_EndsAllTheSame()
    {
        await using var daemon = await DaemonProcess.StartAsync(
            _data.FullPath, Cancel, "--EmbeddingGrpc:Ingest:DrainTimeout=00:00:00.100", "--EmbeddingGrpc:ShutdownTimeout=00:00:05");
        using var stream = await EventStreamCall.OpenAsync(daemon, "till-1", Cancel);
        Assert.Equal(0, await daemon.StopAsync(Cancel));
    }
}

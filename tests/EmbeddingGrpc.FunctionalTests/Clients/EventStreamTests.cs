using EmbeddingGrpc.Client;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.FunctionalTests.Harness;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.FunctionalTests.Clients;

/// <summary>The client's event stream against the real daemon, which is killed under it.</summary>
public sealed class EventStreamTests : IDisposable
{
    private const long Time = 1_600_000_000_000;

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task SendAsync_DaemonKilledAgainAndAgain_EveryNumberIsOnDiskOnce()
    {
        const int kills = 4, interactions = 40_000;
        var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        try
        {
            var samePort = $"--EmbeddingGrpc:GrpcPort={daemon.GrpcAddress.Port}";
            using var client = new EmbeddingClient(daemon.GrpcAddress.ToString());
            await using var stream = client.OpenEventStream(new EventStreamOptions { BatchSize = 50, BufferCapacity = 2000, MaximumBackoff = TimeSpan.FromMilliseconds(200) });
            var sending = SendAsync(stream, interactions);
            for (var kill = 1; kill <= kills; kill++)
            {
                // The buffer holds 2,000: whenever this is seen, thousands are still to come and some are under way.
                var reached = (ulong)(interactions / (kills + 1) * kill);
                await Eventually.TrueAsync($"{reached} are durable", () => stream.DurableSequence >= reached || sending.IsFaulted, Cancel);
                Assert.False(sending.IsFaulted, sending.Exception?.ToString());
                await daemon.KillAsync();
                await daemon.DisposeAsync();
                daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, samePort);
            }

            await sending;
            await stream.CompleteAsync(Cancel);

            Assert.Equal((ulong)interactions, stream.DurableSequence);
            Assert.Equal(kills, stream.ReconnectCount);
            Assert.Equal(0, stream.RejectedCount);
            await daemon.KillAsync();
        }
        finally
        {
            await daemon.DisposeAsync();
        }

        await using var log = InteractionLog.Open(_data.File("models", "default", "log"), new EventLogOptions(), TimeProvider.System, NullLogger.Instance);
        var onDisk = log.Scan(new LogOffset(0), log.DurableOffset, Cancel).Select(entry => entry.Interaction.EventTimeMs - Time);
        Assert.Equal(Enumerable.Range(1, interactions).Select(number => (long)number), onDisk);
    }

    private static async Task SendAsync(EventStream stream, int count)
    {
        for (var number = 1; number <= count; number++)
            Assert.Equal((ulong)number, await stream.SendAsync(new UserInteraction($"user-{number % 97}", $"item-{number % 31}", Time + number), Cancel));
    }
}

using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class StreamFencingTests
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    public async Task StreamEvents_NewerStreamOfTheSameProducer_EndsTheOlderOne(ulong newEpoch)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (older, _) = await EventStreamCall.StartAsync(daemon);
        using (older)
        {
            await older.SendAsync(Events.Batch(1, 10));
            await older.ReadThroughAsync(10);
            var (newer, started) = await EventStreamCall.StartAsync(daemon, Events.Start(epoch: newEpoch));
            using (newer)
            {
                Assert.Equal(newEpoch == 1 ? 10UL : 0UL, started.Started.DurableSequence);
                var error = await older.ReadToErrorAsync();
                Assert.Equal((StatusCode.Aborted, "PRODUCER_FENCED"), (error.StatusCode, Events.ReasonOf(error)));

                await newer.SendAsync(Events.Batch(11, 20));
                Assert.Equal(20UL, (await newer.ReadThroughAsync(20))[^1].LogOffset);
            }
        }
    }

    [Fact]
    public async Task StreamEvents_OlderEpoch_IsAbortedAndLeavesTheNewerAlone()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (newer, _) = await EventStreamCall.StartAsync(daemon, Events.Start(epoch: 5));
        using (newer)
        {
            using var older = new EventStreamCall(daemon);
            await older.SendAsync(Events.Start(epoch: 4));
            Assert.Equal(StatusCode.Aborted, (await older.ReadToErrorAsync()).StatusCode);

            await newer.SendAsync(Events.Batch(1, 3));
            Assert.Equal(3UL, (await newer.ReadThroughAsync(3))[^1].DurableSequence);
        }
    }

    [Fact]
    public async Task StreamEvents_EpochThatSentNothing_StaysFencingOverARestart()
    {
        using var folder = new TemporaryFolder();
        await using (var first = await TestDaemon.StartAsync(folder.FullPath))
        {
            var (call, _) = await EventStreamCall.StartAsync(first, Events.Start(epoch: 5));
            using (call)
            {
                await call.HalfCloseAsync();
                await call.ReadToEndAsync();
            }
        }

        await using var second = await TestDaemon.StartAsync(folder.FullPath);
        using var older = new EventStreamCall(second);
        await older.SendAsync(Events.Start(epoch: 4));
        Assert.Equal(StatusCode.Aborted, (await older.ReadToErrorAsync()).StatusCode);
    }

    [Fact]
    public async Task StreamEvents_OtherProducer_IsLeftAlone()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (first, _) = await EventStreamCall.StartAsync(daemon, Events.Start("a"));
        var (second, _) = await EventStreamCall.StartAsync(daemon, Events.Start("b"));
        using (first)
        using (second)
        {
            await second.SendAsync(Events.Batch(1, 5));
            await second.ReadThroughAsync(5);
            await first.SendAsync(Events.Batch(1, 5));
            Assert.Equal(5UL, (await first.ReadThroughAsync(5))[^1].DurableSequence);
        }
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Tests.Hosting;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>A log that does not get on holds its producers up, and memory stays bounded.</summary>
public sealed class BackpressureTests
{
    private const int ReadAhead = IngestOptions.MaximumRequestInteractions;
    private const int BatchLength = 500;

    // What HTTP/2 lets a producer send before it is read: well above Kestrel's and the client's windows of about a megabyte, at some thirty bytes an interaction.
    private const int OnTheWay = 150_000;

    [Fact]
    public async Task AppendEvents_NoPlaceWithinTheWaitBudget_IsResourceExhaustedWithADelayAndAppendsNothing()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Ingest:AppendWaitBudget=00:00:00.050"]);
        var (log, events) = (LogOf(daemon), new EventService.EventServiceClient(daemon.Channel));
        log.AdmitBefore(default(LogOffset));
        var request = new AppendEventsRequest { Interactions = { new Protocol.V1.Interaction { UserId = "u", ItemId = "i", EventTimeMs = Events.TimeMs } } };
        var error = await Assert.ThrowsAsync<RpcException>(async () => await events.AppendEventsAsync(request, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal((StatusCode.ResourceExhausted, "APPEND_QUEUE_FULL"), (error.StatusCode, Events.ReasonOf(error)));
        Assert.Equal(TimeSpan.FromMilliseconds(50), error.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
        log.AdmitBefore(null);
        Assert.Equal(1UL, (await events.AppendEventsAsync(request, cancellationToken: TestContext.Current.CancellationToken)).LogOffset);
    }

    [Fact]
    public async Task StreamEvents_LogThatDoesNotGetOn_HoldsTheProducerUpAndThenTakesEverything()
    {
        const ulong Sent = 600_000;
        await using var daemon = await TestDaemon.StartAsync(args: [$"--EmbeddingGrpc:Ingest:StreamReadAhead={ReadAhead}"]);
        var log = LogOf(daemon);
        var (stream, _) = await EventStreamCall.StartAsync(daemon);
        using var call = stream;
        log.AdmitBefore(default(LogOffset));
        var written = 0L;
        var sending = Task.Run(
            async () =>
            {
                for (var number = 1UL; number <= Sent; number += BatchLength)
                {
                    await stream.SendAsync(Events.Batch(number, number + BatchLength - 1));
                    Interlocked.Add(ref written, BatchLength);
                }
            },
            TestContext.Current.CancellationToken);

        // A producer that is slow for another reason is below the bound all the more.
        for (long before = -1, unchanged = 0; unchanged < 25;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
            var now = Interlocked.Read(ref written);
            unchanged = now == before ? unchanged + 1 : 0;
            before = now;
            Assert.InRange(now, 0, ReadAhead + OnTheWay);
        }

        Assert.False(sending.IsCompleted);
        Assert.Equal(0, log.DurableOffset.Value);
        log.AdmitBefore(null);
        await stream.ReadThroughAsync(Sent);
        await sending;
        Assert.Equal((long)Sent, log.DurableOffset.Value);
    }

    [Fact]
    public async Task StreamEvents_CancelledWhileItWaitsForAPlace_LeavesThePlaceToOthers()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var log = LogOf(daemon);
        var (waiting, _) = await EventStreamCall.StartAsync(daemon, Events.Start("first"));
        log.AdmitBefore(default(LogOffset));
        await waiting.SendAsync(Events.Batch(1, 10));
        waiting.Dispose();

        // Starting takes a place in the log, too.
        var starting = EventStreamCall.StartAsync(daemon, Events.Start("first"));
        log.AdmitBefore(null);
        var (second, _) = await starting;
        using var call = second;
        await second.SendAsync(Events.Batch(1, 10));
        await second.ReadThroughAsync(10);
        Assert.Equal(10, log.DurableOffset.Value);
    }

    private static InteractionLog LogOf(TestDaemon daemon) => daemon.Services.GetRequiredService<ModelRegistry>().Get("").Log;
}

using System.Collections.Concurrent;
using System.Diagnostics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>W3C trace context goes with every batch of a stream, and what becomes of the batch are spans of that trace.</summary>
public sealed class EventTracingTests : IDisposable
{
    private const string Commit = "events commit";
    private const string Apply = "events apply";

    private readonly ConcurrentBag<Activity> _stopped = [];
    private readonly SemaphoreSlim _stops = new(0);
    private readonly ActivityListener _listener;

    public EventTracingTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is BatchTrace.SourceName or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                _stopped.Add(activity);
                _stops.Release();
            },
        };
        ActivitySource.AddActivityListener(_listener);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _stops.Dispose();
    }

    [Fact]
    public async Task StreamEvents_BatchesOfTwoTraces_CommitAndApplyBelongToThatOfTheBatch()
    {
        var (first, second) = (NewParent(), NewParent());
        await using var daemon = await TestDaemon.StartAsync();
        var (stream, _) = await EventStreamCall.StartAsync(daemon);
        using (stream)
        {
            await stream.SendAsync(Of(first, 1, 10));
            await stream.ReadThroughAsync(10);
            await stream.SendAsync(Of(second, 11, 13));
            await stream.ReadThroughAsync(13);
            var (commit, apply) = (await StoppedAsync(first, Commit), await StoppedAsync(first, Apply));
            var (later, _) = (await StoppedAsync(second, Commit), await StoppedAsync(second, Apply));

            Assert.Equal((first.SpanId, commit.SpanId), (commit.ParentSpanId, apply.ParentSpanId));
            Assert.Equal((10, 10L, 0), (commit.GetTagItem("messaging.batch.message_count"), commit.GetTagItem("embeddinggrpc.log_offset"), commit.GetTagItem("embeddinggrpc.duplicates")));
            Assert.Equal((second.SpanId, 13L), (later.ParentSpanId, later.GetTagItem("embeddinggrpc.log_offset")));
            Assert.Equal((ActivityStatusCode.Unset, ActivityStatusCode.Unset), (commit.Status, apply.Status));
            // The call that brought both, whichever trace it is part of itself.
            Assert.Equal(Assert.Single(commit.Links).Context.SpanId, Assert.Single(later.Links).Context.SpanId);
            await stream.HalfCloseAsync();
            await stream.ReadToEndAsync();
        }

        var call = await StoppedAsync(activity => activity.Source.Name == "Microsoft.AspNetCore" && activity.SpanId == SpanOfCall(first));
        Assert.Equal("/embeddinggrpc.v1.EventService/StreamEvents", call.GetTagItem("grpc.method"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("00-not-a-trace-01")]
    public async Task StreamEvents_NoTraceOrAMalformedOne_IsTakenAndNotTraced(string traceparent)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (stream, _) = await EventStreamCall.StartAsync(daemon);
        using var call = stream;
        var user = Guid.NewGuid().ToString();
        await stream.SendAsync(new StreamEventsRequest { Traceparent = traceparent, Interactions = { Events.Numbered(1, user), Events.Numbered(2, user), Events.Numbered(3, user) } });
        await stream.ReadThroughAsync(3);

        // A traced batch behind it: what came before it would have been told by now.
        var parent = NewParent();
        await stream.SendAsync(Of(parent, 4, 4));
        await stream.ReadThroughAsync(4);
        var link = Assert.Single((await StoppedAsync(parent, Commit)).Links).Context.SpanId;
        Assert.Single(_stopped, activity => activity.OperationName == Commit && activity.Links.Any(each => each.Context.SpanId == link));
    }

    [Fact]
    public async Task AppendEvents_InATrace_CommitAndApplyBelongToIt()
    {
        var parent = NewParent();
        await using var daemon = await TestDaemon.StartAsync();
        await new EventService.EventServiceClient(daemon.Channel).AppendEventsAsync(
            new AppendEventsRequest { Interactions = { Events.Numbered(0) } }, new Metadata { { "traceparent", TextOf(parent) } }, cancellationToken: Cancel);
        var (commit, apply) = (await StoppedAsync(parent, Commit), await StoppedAsync(parent, Apply));

        Assert.Equal(commit.SpanId, apply.ParentSpanId);
        Assert.Empty(commit.Links);
        Assert.Equal(1L, commit.GetTagItem("embeddinggrpc.log_offset"));
    }

    private static ActivityContext NewParent() => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), ActivityTraceFlags.Recorded, isRemote: true);

    private static string TextOf(ActivityContext context) => $"00-{context.TraceId}-{context.SpanId}-01";

    private static StreamEventsRequest Of(ActivityContext parent, ulong from, ulong to)
    {
        var request = Events.Batch(from, to);
        request.Traceparent = TextOf(parent);
        return request;
    }

    private ActivitySpanId SpanOfCall(ActivityContext parent) =>
        _stopped.Single(activity => activity.TraceId == parent.TraceId && activity.OperationName == Commit).Links.Single().Context.SpanId;

    private Task<Activity> StoppedAsync(ActivityContext parent, string name) =>
        StoppedAsync(activity => activity.TraceId == parent.TraceId && activity.OperationName == name);

    // Other tests of this process are traced, too: each stop is a reason to look again.
    private async Task<Activity> StoppedAsync(Func<Activity, bool> isIt)
    {
        while (true)
        {
            if (_stopped.FirstOrDefault(isIt) is { } activity) return activity;
            await _stops.WaitAsync(Cancel);
        }
    }
}

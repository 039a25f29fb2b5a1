using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>A whole daemon on a disk that is slow: producers are slowed, what the daemon holds is bounded, and nothing is lost.</summary>
public sealed class SlowDiskTests
{
    private const int ReadAhead = IngestOptions.MaximumRequestInteractions;
    private const int BatchLength = 500;

    // What HTTP/2 lets a producer send before it is read: well above Kestrel's and the client's windows of about a megabyte, at some thirty bytes an interaction.
    private const int OnTheWay = 150_000;

    private readonly SlowDisk _disk = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task StreamEvents_OneFsyncAtATime_LetsProducersSendNoMoreThanTheBoundAheadOfTheDisk()
    {
        const int Producers = 2;
        const ulong Each = 400_000;
        await using var daemon = await StartAsync($"--EmbeddingGrpc:Ingest:StreamReadAhead={ReadAhead}");
        var log = LogOf(daemon);
        var producers = new List<Producing>();
        for (var i = 0; i < Producers; i++) producers.Add(await Producing.StartAsync(daemon, $"producer-{i}"));
        using var held = _disk.Hold();
        var written = 0L;
        var furthest = 0L;
        var sending = Task.WhenAll(producers.Select(producer => Task.Run(() => producer.SendAsync(Each, Sent), Cancel)));

        // Whoever has sent everything is answered: until then the disk has more to do.
        var answered = Task.WhenAll(producers.Select(producer => producer.Call.ReadThroughAsync(Each)));
        var fsyncs = 0;
        while (await Task.WhenAny(_disk.WhenOneWaitsAsync(), answered) != answered)
        {
            var before = log.DurableOffset.Value;
            _disk.LetOneThrough();
            await Task.WhenAny(_disk.WhenOneWaitsAsync(), answered);
            // All that the daemon had read and not synced: what it held of interactions, but for a request of each stream that was just read.
            Assert.InRange(log.DurableOffset.Value - before, 0, Producers * ReadAhead);
            fsyncs++;
        }

        await answered;
        await sending;
        foreach (var producer in producers) producer.Call.Dispose();
        Assert.Equal(Producers * (long)Each, log.DurableOffset.Value);
        Assert.InRange(Volatile.Read(ref furthest), 1, Producers * (long)(ReadAhead + OnTheWay));
        Assert.True(fsyncs >= (int)Each / ReadAhead, $"{fsyncs} fsyncs cannot have carried it all.");

        void Sent()
        {
            // Of the two the disk is read last: it may have got further since, and the lead is at most smaller than it was.
            var lead = Interlocked.Add(ref written, BatchLength) - log.DurableOffset.Value;
            for (var before = Volatile.Read(ref furthest); lead > before; before = Volatile.Read(ref furthest)) Interlocked.CompareExchange(ref furthest, lead, before);
        }
    }

    [Fact]
    public async Task AppendEvents_DiskThatDoesNotGetOn_IsResourceExhaustedWithADelayAndTakenLater()
    {
        await using var daemon = await StartAsync("--EmbeddingGrpc:Ingest:AppendWaitBudget=00:00:00.050", "--EmbeddingGrpc:Model:Log:AppendQueueLength=1");
        var events = new EventService.EventServiceClient(daemon.Channel);
        var request = new AppendEventsRequest { Interactions = { Events.Numbered(0) } };
        using var held = _disk.Hold();
        var first = events.AppendEventsAsync(request, cancellationToken: Cancel).ResponseAsync;
        await _disk.WhenOneWaitsAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await events.AppendEventsAsync(request, cancellationToken: Cancel));

        Assert.Equal((StatusCode.ResourceExhausted, "APPEND_QUEUE_FULL"), (error.StatusCode, Events.ReasonOf(error)));
        Assert.Equal(TimeSpan.FromMilliseconds(50), error.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan());
        Assert.False(first.IsCompleted);
        _disk.Release();
        Assert.Equal(1UL, (await first).LogOffset);
        Assert.Equal(2UL, (await events.AppendEventsAsync(request, cancellationToken: Cancel)).LogOffset);
    }

    [Fact]
    public async Task Recall_WhileTheDiskDoesNotGetOn_IsAnswered()
    {
        await using var daemon = await StartAsync("--EmbeddingGrpc:Model:Training:Dimension=16", "--EmbeddingGrpc:Model:Training:Epochs=2");
        var (model, events) = (daemon.Services.GetRequiredService<ModelRegistry>().Get(""), new EventService.EventServiceClient(daemon.Channel));
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(users: 50, itemsOfCamp: 20, length: 10)]), Cancel);
        await model.Training.Start().Completion.WaitAsync(Cancel);
        using var held = _disk.Hold();
        var append = events.AppendEventsAsync(new AppendEventsRequest { Interactions = { Events.Numbered(0) } }, cancellationToken: Cancel).ResponseAsync;
        await _disk.WhenOneWaitsAsync();
        var request = new RecallRequest { K = 5, Item = new ItemQuery { ItemId = "camp0-1" } };
        var answer = await new RecallService.RecallServiceClient(daemon.Channel).RecallAsync(request, cancellationToken: Cancel);

        Assert.Equal(5, answer.Candidates.Count);
        Assert.False(append.IsCompleted);
        _disk.Release();
        Assert.Equal(501UL, (await append).LogOffset);
    }

    private static InteractionLog LogOf(TestDaemon daemon) => daemon.Services.GetRequiredService<ModelRegistry>().Get("").Log;

    private Task<TestDaemon> StartAsync(params string[] args) =>
        TestDaemon.StartAsync(args: args, configure: builder => builder.Services.AddSingleton<IFileSystem>(_disk));

    private sealed record Producing(EventStreamCall Call)
    {
        public static async Task<Producing> StartAsync(TestDaemon daemon, string name) => new((await EventStreamCall.StartAsync(daemon, Events.Start(name))).Call);

        public async Task SendAsync(ulong count, Action onSent)
        {
            for (var number = 1UL; number <= count; number += BatchLength)
            {
                await Call.SendAsync(Events.Batch(number, number + BatchLength - 1));
                onSent();
            }
        }
    }
}

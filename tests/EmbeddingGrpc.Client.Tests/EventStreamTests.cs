using EmbeddingGrpc.Client.Tests.Scripted;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests;

public sealed class EventStreamTests
{
    private const long Time = 1_700_000_000_000;

    private static readonly EventStreamOptions Quick = new()
    {
        BatchSize = 10,
        Linger = TimeSpan.FromMilliseconds(1),
        InitialBackoff = TimeSpan.FromMilliseconds(1),
        MaximumBackoff = TimeSpan.FromMilliseconds(5),
    };

    /// <summary>No batch is sent before it is full, however long the sender is kept from going on.</summary>
    private static readonly EventStreamOptions FullBatches = Quick with { Linger = TimeSpan.FromHours(1) };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CompleteAsync_DaemonBehaves_EveryInteractionIsKeptOnceAndInOrder()
    {
        var script = new DaemonScript();
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick);

        await SendAsync(stream, 1234);
        await stream.CompleteAsync(Cancellation);

        AssertKeptOnceAndInOrder(script, 1234);
        Assert.Equal(1234UL, stream.DurableSequence);
        Assert.Equal(1234UL, stream.LogOffset);
        Assert.Equal(0, stream.PendingCount);
        Assert.Equal(1, script.Streams);
    }

    [Fact]
    public async Task SendAsync_AllFieldsGiven_ArriveUnchanged()
    {
        var script = new DaemonScript();
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, Model = "films" });
        await using var stream = client.OpenEventStream(Quick);

        await stream.SendAsync(
            new UserInteraction("zoë", "映画", Time) { Type = InteractionType.Purchase, Weight = 2.5f, RecallId = "r-1", Number = 7 }, Cancellation);
        await stream.CompleteAsync(Cancellation);

        var expected = new Interaction
        {
            Number = 7,
            UserId = "zoë",
            ItemId = "映画",
            EventTimeMs = Time,
            Type = InteractionType.Purchase,
            Weight = 2.5f,
            RecallId = "r-1",
        };
        Assert.Equal(expected, Assert.Single(script.Store.Kept));
    }

    [Fact]
    public async Task SendAsync_ConnectionLostBeforeTheAcknowledgement_ResendsFromTheDurableNumberOnly()
    {
        var resentFrom = new TaskCompletionSource<ulong>();
        var script = new DaemonScript
        {
            OnStream = async (call, stream) =>
            {
                await stream.StartAsync();
                if (call == 1)
                {
                    // Two batches become durable, the second one's acknowledgement is lost, a third is lost altogether.
                    stream.Keep((await stream.ReadAsync())!);
                    await stream.AcknowledgeAsync();
                    stream.Keep((await stream.ReadAsync())!);
                    await stream.ReadAsync();
                    throw ScriptedDaemon.Unavailable();
                }
                var batch = await stream.ReadAsync();
                resentFrom.TrySetResult(batch![0].Number);
                stream.Keep(batch);
                await stream.AcknowledgeAsync();
                await stream.GoOnAsync();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(FullBatches);

        await SendAsync(stream, 95);
        await stream.CompleteAsync(Cancellation);

        AssertKeptOnceAndInOrder(script, 95);
        Assert.Equal(21UL, await resentFrom.Task);
        Assert.Equal(1, stream.ReconnectCount);
    }

    [Fact]
    public async Task SendAsync_DaemonFailsEveryFewBatches_EveryInteractionIsKeptOnceAndInOrder()
    {
        var script = new DaemonScript
        {
            OnStream = async (call, stream) =>
            {
                await stream.StartAsync();
                // Fewer than fill the buffer: a client that hears nothing may not send more.
                for (var batches = 0; batches < 3; batches++)
                {
                    if (await stream.ReadAsync() is not { } batch) return;
                    // Sometimes durable but not acknowledged, sometimes half a batch, sometimes nothing of it.
                    stream.Keep(batch.Take(call % 3 * batch.Count / 2));
                    if (call % 2 == 0) await stream.AcknowledgeAsync();
                    if (call % 3 != 2) break;
                }
                throw ScriptedDaemon.Unavailable();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { BufferCapacity = 50 });

        await SendAsync(stream, 300);
        await stream.FlushAsync(Cancellation);

        AssertKeptOnceAndInOrder(script, 300);
        Assert.True(stream.ReconnectCount > 2);
    }

    [Fact]
    public async Task SendAsync_DaemonStoppedAndStartedAgain_EveryInteractionIsKeptOnceAndInOrder()
    {
        var script = new DaemonScript();
        var first = await ScriptedDaemon.StartAsync(script);
        var port = first.Port;
        using var client = new EmbeddingClient(first.Address);
        await using var stream = client.OpenEventStream(Quick);

        await SendAsync(stream, 100);
        await stream.FlushAsync(Cancellation);
        await first.DisposeAsync();
        await SendAsync(stream, 100);
        await using var second = await ScriptedDaemon.StartAsync(script, port);
        await stream.CompleteAsync(Cancellation);

        AssertKeptOnceAndInOrder(script, 200);
    }

    [Fact]
    public async Task SendAsync_DaemonDrains_HalfClosesAndGoesOnWithTheNext()
    {
        var halfClosed = false;
        var script = new DaemonScript
        {
            OnStream = async (call, stream) =>
            {
                if (call > 1)
                {
                    await stream.BehaveAsync();
                    return;
                }
                await stream.StartAsync();
                stream.Keep((await stream.ReadAsync())!);
                await stream.DrainAsync();
                // What was on its way already is still taken.
                while (await stream.ReadAsync() is { } batch) stream.Keep(batch);
                await stream.AcknowledgeAsync();
                halfClosed = true;
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { BufferCapacity = 20 });

        await SendAsync(stream, 200);
        await stream.CompleteAsync(Cancellation);

        AssertKeptOnceAndInOrder(script, 200);
        Assert.True(halfClosed);
        Assert.Equal(1, stream.ReconnectCount);
    }

    [Fact]
    public async Task OnRejected_RefusedTwiceBecauseOfAReconnect_IsToldOnce()
    {
        var script = new DaemonScript
        {
            OnStream = async (call, stream) =>
            {
                await stream.StartAsync();
                while (await stream.ReadAsync() is { } batch)
                {
                    var bad = batch.Where(i => i.Number == 3).Select(i => new RejectedInteraction { Number = 3, Field = "user_id", Reason = "must not be empty" });
                    if (call > 1) stream.Keep(batch);
                    await stream.AcknowledgeAsync([.. bad]);
                    if (call == 1) throw ScriptedDaemon.Unavailable();
                }
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        var rejections = new List<InteractionRejection>();
        await using var stream = client.OpenEventStream(Quick with { OnRejected = rejections.Add });

        await SendAsync(stream, 10);
        await stream.CompleteAsync(Cancellation);

        Assert.Equal([new InteractionRejection(3, "user_id", "must not be empty")], rejections);
        Assert.Equal(1, stream.RejectedCount);
        Assert.Equal(2, script.Streams);
    }

    [Fact]
    public async Task OnRejected_Throws_EndsTheStreamWithItsReason()
    {
        var script = new DaemonScript
        {
            OnStream = async (_, stream) =>
            {
                await stream.StartAsync();
                await stream.ReadAsync();
                await stream.AcknowledgeAsync(new RejectedInteraction { Number = 1 });
                await stream.GoOnAsync();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(FullBatches with { OnRejected = _ => throw new FormatException("the callback's fault") });

        await SendAsync(stream, 10);
        var failure = await Assert.ThrowsAsync<EventStreamException>(() => stream.CompleteAsync(Cancellation));

        Assert.Contains("the callback's fault", failure.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(failure.InnerException);
    }

    [Fact]
    public async Task SendAsync_ProducerFenced_FailsForGoodAndSaysWhoTookOver()
    {
        var script = new DaemonScript
        {
            OnStream = async (_, stream) =>
            {
                await stream.StartAsync();
                stream.Keep((await stream.ReadAsync())!);
                await stream.AcknowledgeAsync();
                throw new RpcException(new Status(StatusCode.Aborted, "fenced"));
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(FullBatches with { ProducerName = "importer" });

        await SendAsync(stream, 10);
        var failure = await Assert.ThrowsAsync<ProducerFencedException>(() => stream.CompleteAsync(Cancellation));

        Assert.Equal("importer", failure.ProducerName);
        Assert.Contains("importer", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ProducerFencedException>(async () => await stream.SendAsync(new UserInteraction("u", "i", Time), Cancellation));
        Assert.Equal(1, script.Streams);
    }

    [Fact]
    public async Task WaitForStartAsync_UnknownModel_FailsWithoutAnotherTry()
    {
        var script = new DaemonScript { OnStream = (_, _) => throw new RpcException(new Status(StatusCode.NotFound, "Model 'x' does not exist.")) };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick);

        var failure = await Assert.ThrowsAsync<EventStreamException>(() => stream.WaitForStartAsync(Cancellation));

        Assert.Equal("NOT_FOUND: Model 'x' does not exist.", failure.Message);
        Assert.Equal(1, script.Streams);
    }

    [Fact]
    public async Task SendAsync_BufferFull_WaitsForAnAcknowledgement()
    {
        var release = new TaskCompletionSource();
        var script = new DaemonScript
        {
            OnStream = async (_, stream) =>
            {
                await stream.StartAsync();
                await release.Task;
                await stream.GoOnAsync();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { BufferCapacity = 30 });

        await SendAsync(stream, 30);
        var waiting = stream.SendAsync(new UserInteraction("u", "31", Time), Cancellation).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.False(stream.TrySend(new UserInteraction("u", "32", Time), out _));
        Assert.Equal(30, stream.PendingCount);

        release.SetResult();
        Assert.Equal(31UL, await waiting);
        await stream.CompleteAsync(Cancellation);
        Assert.Equal(31, script.Store.Kept.Count);
    }

    [Fact]
    public async Task FlushAsync_NotAcknowledgedYet_WaitsForIt()
    {
        var release = new TaskCompletionSource();
        var script = new DaemonScript
        {
            OnStream = async (_, stream) =>
            {
                await stream.StartAsync();
                stream.Keep((await stream.ReadAsync())!);
                await release.Task;
                await stream.AcknowledgeAsync();
                await stream.GoOnAsync();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        // Nothing but the flush itself may send so few.
        await using var stream = client.OpenEventStream(FullBatches);

        await SendAsync(stream, 3);
        var flush = stream.FlushAsync(Cancellation);
        Assert.False(flush.IsCompleted);

        release.SetResult();
        await flush;
        Assert.Equal(3UL, stream.DurableSequence);
    }

    [Fact]
    public async Task SendAsync_ProducerKnown_CountsOnFromItsDurableNumber()
    {
        var script = new DaemonScript();
        script.Store.Know("importer", 500);
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { ProducerName = "importer" });

        Assert.Equal(501UL, await stream.SendAsync(new UserInteraction("u", "i", Time), Cancellation));
        await stream.CompleteAsync(Cancellation);

        Assert.Equal(501UL, Assert.Single(script.Store.Kept).Number);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SendAsync_SourceSentAgain_OnlyWhatIsNewIsKept(bool waitForStart)
    {
        var script = new DaemonScript();
        script.Store.Know("importer", 55);
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { ProducerName = "importer" });
        if (waitForStart) Assert.Equal(55UL, await stream.WaitForStartAsync(Cancellation));

        for (ulong line = 1; line <= 60; line++) await stream.SendAsync(new UserInteraction("u", "i", Time) { Number = line }, Cancellation);
        await stream.CompleteAsync(Cancellation);

        Assert.Equal([56UL, 57, 58, 59, 60], script.Store.Kept.Select(i => i.Number));
    }

    [Fact]
    public async Task SendAsync_NumberDoesNotRise_ThrowsAndGoesOn()
    {
        var script = new DaemonScript();
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick);

        await stream.SendAsync(new UserInteraction("u", "i", Time) { Number = 5 }, Cancellation);
        Assert.Throws<ArgumentException>(() => stream.TrySend(new UserInteraction("u", "i", Time) { Number = 5 }, out _));
        Assert.Throws<ArgumentException>(() => stream.TrySend(new UserInteraction("\ud800", "i", Time), out _));
        await stream.SendAsync(new UserInteraction("u", "i", Time), Cancellation);
        await stream.CompleteAsync(Cancellation);

        Assert.Equal([5UL, 6UL], script.Store.Kept.Select(i => i.Number));
    }

    [Fact]
    public async Task CompleteAsync_DaemonNeverThere_GivesUpWithTheReason()
    {
        var daemon = await ScriptedDaemon.StartAsync(new DaemonScript());
        var address = daemon.Address;
        await daemon.DisposeAsync();
        using var client = new EmbeddingClient(address);
        await using var stream = client.OpenEventStream(Quick with { GiveUpAfter = TimeSpan.FromMilliseconds(50) });

        // It may have given up before the first is sent.
        var failure = await Assert.ThrowsAsync<EventStreamException>(async () =>
        {
            await SendAsync(stream, 1);
            await stream.CompleteAsync(Cancellation);
        });

        Assert.Contains("UNAVAILABLE", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0UL, failure.DurableSequence);
    }

    [Fact]
    public async Task SendAsync_DaemonFailsTheSameBatchForEver_GivesUpThoughItConnects()
    {
        var script = new DaemonScript
        {
            OnStream = async (_, stream) =>
            {
                await stream.StartAsync();
                await stream.ReadAsync();
                throw new RpcException(new Status(StatusCode.Internal, "cannot digest this"));
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { GiveUpAfter = TimeSpan.FromMilliseconds(50) });

        await SendAsync(stream, 1);
        var failure = await Assert.ThrowsAsync<EventStreamException>(() => stream.CompleteAsync(Cancellation));

        Assert.Contains("cannot digest this", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_DaemonDoesNotAnswerTheStart_TriesAnotherConnection()
    {
        var script = new DaemonScript
        {
            OnStream = async (call, stream) =>
            {
                if (call == 1) await Task.Delay(Timeout.Infinite, stream.Cancelled);
                await stream.BehaveAsync();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        // Long enough for the second start to be answered in on a busy machine.
        await using var stream = client.OpenEventStream(Quick with { StartTimeout = TimeSpan.FromSeconds(2) });

        await SendAsync(stream, 5);
        await stream.CompleteAsync(Cancellation);

        Assert.Equal(2, script.Streams);
        AssertKeptOnceAndInOrder(script, 5);
    }

    [Fact]
    public async Task DisposeAsync_NotAcknowledged_FailsThoseWhoWait()
    {
        var script = new DaemonScript
        {
            OnStream = async (_, stream) =>
            {
                await stream.StartAsync();
                await Task.Delay(Timeout.Infinite, stream.Cancelled);
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        var stream = client.OpenEventStream(Quick);
        await SendAsync(stream, 5);
        var flush = stream.FlushAsync(Cancellation);

        await stream.DisposeAsync();
        await stream.DisposeAsync();

        await Assert.ThrowsAsync<EventStreamException>(() => flush);
        await Assert.ThrowsAsync<EventStreamException>(async () => await stream.SendAsync(new UserInteraction("u", "i", Time), Cancellation));
    }

    [Fact]
    public async Task SendAsync_AfterCompletion_SaysSo()
    {
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript());
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick);
        await stream.CompleteAsync(Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await stream.SendAsync(new UserInteraction("u", "i", Time), Cancellation));
    }

    [Fact]
    public async Task SendAsync_ManyThreads_EveryInteractionIsKeptOnce()
    {
        var script = new DaemonScript();
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenEventStream(Quick with { BufferCapacity = 100 });

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(
            async () =>
            {
                for (var i = 0; i < 500; i++) await stream.SendAsync(new UserInteraction($"u{thread}", $"i{i}", Time), Cancellation);
            },
            Cancellation)));
        await stream.CompleteAsync(Cancellation);

        Assert.Equal(2000, script.Store.Kept.Count);
        Assert.Equal(2000, script.Store.Kept.Select(i => (i.UserId, i.ItemId)).Distinct().Count());
    }

    /// <summary>Sends items named after their numbers, going on from where the stream is.</summary>
    private static async Task SendAsync(EventStream stream, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var next = stream.LastNumber + 1;
            Assert.Equal(next, await stream.SendAsync(new UserInteraction("user", $"item-{next}", Time), Cancellation));
        }
    }

    private static void AssertKeptOnceAndInOrder(DaemonScript script, int count)
    {
        Assert.Equal(Enumerable.Range(1, count).Select(n => (ulong)n), script.Store.Kept.Select(i => i.Number));
        Assert.All(script.Store.Kept, i => Assert.Equal($"item-{i.Number}", i.ItemId));
    }
}

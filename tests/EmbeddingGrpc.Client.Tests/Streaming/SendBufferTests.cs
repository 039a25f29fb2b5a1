using System.Diagnostics;
using CsCheck;
using EmbeddingGrpc.Client.Streaming;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Tests.Streaming;

public sealed class SendBufferTests
{
    private enum Step
    {
        Add,
        Take,
        Acknowledge,
        Reconnect,
        Seal,
    }

    /// <summary>Against a model: a daemon that keeps what it is sent above its durable number, and a network that may end at any time.</summary>
    [Fact]
    public void AnyHistory_EveryNumberReachesTheDaemonOnceAndInOrder() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[1, 12], Gen.Enum<Step>().Array[0, 200]).Sample((batchSize, capacity, steps) =>
        {
            var buffer = new SendBuffer(batchSize, capacity, numberingKnown: true);
            var kept = new List<ulong>();
            ulong added = 0, acknowledged = 0;
            buffer.Start(0);
            foreach (var step in steps)
            {
                switch (step)
                {
                    case Step.Add:
                        var hadRoom = added - acknowledged < (ulong)capacity;
                        var accepted = TryAdd(buffer);
                        if (accepted) added++;
                        // Room is given back by the batch, so there may be less than the model has; never more.
                        Assert.True(hadRoom || !accepted);
                        break;
                    case Step.Take:
                        if (buffer.TryTake(out var batch, out _)) kept.AddRange(NumbersOf(batch).Where(n => n > LastOf(kept)));
                        break;
                    case Step.Acknowledge:
                        acknowledged = LastOf(kept);
                        buffer.Acknowledge(acknowledged);
                        break;
                    case Step.Reconnect:
                        acknowledged = LastOf(kept);
                        buffer.Start(acknowledged);
                        break;
                    case Step.Seal:
                        buffer.Seal();
                        break;
                }
                Assert.True(buffer.Pending <= capacity);
                Assert.Equal(acknowledged, buffer.DurableSequence);
            }
            buffer.Close();
            while (buffer.TryTake(out var batch, out _)) kept.AddRange(NumbersOf(batch).Where(n => n > LastOf(kept)));
            buffer.Acknowledge(LastOf(kept));

            Assert.Equal(Enumerable.Range(1, (int)added).Select(n => (ulong)n), kept);
            Assert.True(buffer.IsDrained);
        });

    [Fact]
    public void TryTake_BatchNotFull_WaitsForTheLinger()
    {
        var begun = 0;
        var buffer = new SendBuffer(10, 100, numberingKnown: true) { BatchBegun = () => begun++ };
        Add(buffer, 2);

        Assert.False(buffer.TryTake(out _, out _));
        buffer.Seal();
        Assert.True(buffer.TryTake(out var batch, out var atEnd));

        Assert.Equal([1UL, 2UL], NumbersOf(batch));
        Assert.False(atEnd);
        Assert.Equal(1, begun);
    }

    [Fact]
    public void TryTake_SenderAwayWhileLingering_FillsTheBatchInsteadOfMakingMany()
    {
        var buffer = new SendBuffer(10, 100, numberingKnown: true);
        for (var i = 0; i < 7; i++)
        {
            Add(buffer, 1);
            buffer.Seal();
        }

        Assert.True(buffer.TryTake(out var batch, out _));
        Assert.Equal(7, batch.Count);
    }

    [Fact]
    public void TryTake_SmallBatch_HoldsOnToNoMoreThanItCarries()
    {
        var buffer = new SendBuffer(1000, 100_000, numberingKnown: true);
        Add(buffer, 1);
        buffer.Seal();

        Assert.True(buffer.TryTake(out var batch, out _));
        Assert.Equal(batch.Encoded.Length, batch.CapacityBytes);
    }

    [Fact]
    public async Task TryAdd_NumberingNotKnownYet_WaitsForTheStart()
    {
        var buffer = new SendBuffer(10, 100, numberingKnown: false);
        Assert.False(TryAdd(buffer));
        var room = buffer.WaitForRoomAsync(TestContext.Current.CancellationToken);
        Assert.False(room.IsCompleted);

        buffer.Start(41);

        await room;
        Add(buffer, 1);
        Assert.Equal(42UL, buffer.LastNumber);
    }

    [Fact]
    public void Start_NumbersAddedBeforeItAreDurableAlready_NothingIsSent()
    {
        var buffer = new SendBuffer(2, 100, numberingKnown: false);
        for (ulong number = 1; number <= 5; number++) Assert.True(TryAdd(buffer, number));

        buffer.Start(100);
        buffer.Close();

        Assert.False(buffer.TryTake(out _, out var atEnd));
        Assert.True(atEnd);
        Assert.True(buffer.IsDrained);
    }

    [Fact]
    public async Task WaitForRoomAsync_ManyAcknowledgements_WakesOnceHalfIsFree()
    {
        var buffer = new SendBuffer(1, 10, numberingKnown: true);
        Add(buffer, 10);
        var room = buffer.WaitForRoomAsync(TestContext.Current.CancellationToken);

        buffer.Acknowledge(4);
        Assert.False(room.IsCompleted);
        buffer.Acknowledge(5);
        await room;
    }

    [Fact]
    public void TryTake_SentInTraces_CarriesThatOfTheFirstInteractionOfEachBatch()
    {
        var buffer = new SendBuffer(2, 100, numberingKnown: true);
        string first, second;
        using (var activity = new Activity("first").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            first = activity.Id!;
            Add(buffer, 1);
        }

        using (var activity = new Activity("second").SetIdFormat(ActivityIdFormat.W3C).Start())
        {
            second = activity.Id!;
            Add(buffer, 2);
        }

        // Of a batch that is used again nothing of before may be left.
        Add(buffer, 3);
        buffer.Seal();

        Assert.Equal([first, second, ""], [Taken(buffer), Taken(buffer), Taken(buffer)]);

        static string Taken(SendBuffer buffer)
        {
            Assert.True(buffer.TryTake(out var batch, out _));
            var request = StreamEventsRequest.Parser.ParseFrom(batch.Encoded);
            Assert.Equal(batch.Count, request.Interactions.Count);
            buffer.Acknowledge(batch.LastNumber);
            return request.Traceparent;
        }
    }

    [Fact]
    public async Task Fail_AnyoneWaiting_ThrowsItsReason()
    {
        var buffer = new SendBuffer(1, 1, numberingKnown: true);
        Add(buffer, 1);
        var room = buffer.WaitForRoomAsync(TestContext.Current.CancellationToken);
        var durable = buffer.WaitForDurableAsync(1, TestContext.Current.CancellationToken);

        buffer.Fail(new EventStreamException("over", 0));

        Assert.Equal("over", (await Assert.ThrowsAsync<EventStreamException>(() => room)).Message);
        await Assert.ThrowsAsync<EventStreamException>(() => durable);
        await Assert.ThrowsAsync<EventStreamException>(() => buffer.Started);
        Assert.Throws<EventStreamException>(() => TryAdd(buffer));
    }

    private static void Add(SendBuffer buffer, int count)
    {
        for (var i = 0; i < count; i++) Assert.True(TryAdd(buffer));
    }

    private static bool TryAdd(SendBuffer buffer, ulong number = 0)
    {
        var fields = new InteractionFields { UserId = "u", ItemId = "i", EventTimeMs = 1 };
        return buffer.TryAdd(in fields, ref number);
    }

    private static ulong LastOf(List<ulong> numbers) => numbers.Count == 0 ? 0 : numbers[^1];

    private static IEnumerable<ulong> NumbersOf(EventBatch batch) =>
        [.. StreamEventsRequest.Parser.ParseFrom(batch.Encoded).Interactions.Select(i => i.Number)];
}

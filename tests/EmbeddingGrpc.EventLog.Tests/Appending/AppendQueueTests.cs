using EmbeddingGrpc.EventLog.Appending;

namespace EmbeddingGrpc.EventLog.Tests.Appending;

public sealed class AppendQueueTests
{
    private readonly AppendQueue _queue = new(maximumBatches: 3, maximumBytes: 1000);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enqueue_BeyondTheNumberOfBatches_WaitsUntilOneIsFinishedNotJustTaken()
    {
        for (var i = 0; i < 3; i++) await EnqueueAsync(Append(1));
        var fourth = EnqueueAsync(Append(1));
        var group = Take();
        Assert.Equal(3, group.Count);
        Assert.False(fourth.IsCompleted);
        _queue.Release(group, 0);
        await fourth;
    }

    [Fact]
    public async Task Enqueue_BeyondTheBytes_Waits()
    {
        await EnqueueAsync(Append(600));
        var second = EnqueueAsync(Append(600));
        Assert.False(second.IsCompleted);
        _queue.Release(Take(), 0);
        await second;
    }

    [Fact]
    public async Task Enqueue_OfABatchLargerThanTheWholeQueue_PassesAlone()
    {
        await EnqueueAsync(Append(1));
        var large = EnqueueAsync(Append(5000));
        Assert.False(large.IsCompleted);
        _queue.Release(Take(), 0);
        await large;
        Assert.False(EnqueueAsync(Append(1)).IsCompleted);
    }

    [Fact]
    public async Task Enqueue_OfASmallBatchBehindAWaitingLargeOne_DoesNotOvertakeIt()
    {
        var first = Append(900);
        var large = Append(800);
        var small = Append(50);
        await EnqueueAsync(first);
        var largeWaits = EnqueueAsync(large);
        var smallWaits = EnqueueAsync(small);
        Assert.False(smallWaits.IsCompleted);
        _queue.Release(Take(), 0);
        await Task.WhenAll(largeWaits, smallWaits);
        Assert.Equal([large, small], Take());
    }

    [Fact]
    public async Task Enqueue_CancelledWhileItWaits_IsNeverTakenAndFreesItsTurn()
    {
        await EnqueueAsync(Append(900));
        using var cancelled = new CancellationTokenSource();
        var large = _queue.EnqueueAsync(Append(800), cancelled.Token).AsTask();
        var small = Append(50);
        var smallWaits = EnqueueAsync(small);
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        _queue.Release(Take(), 0);
        await smallWaits;
        Assert.Equal([small], Take());
    }

    [Fact]
    public async Task Take_OfMoreThanAGroup_LeavesWholeBatchesForTheNext()
    {
        var batches = new[] { Append(300), Append(300), Append(300) };
        foreach (var batch in batches) await EnqueueAsync(batch);
        Assert.Equal(batches[..2], Take(groupBytes: 700));
        Assert.Equal(batches[2..], Take(groupBytes: 100));
    }

    [Fact]
    public async Task Enqueue_WhereTheLogEndsAtOrBehindTheLimit_WaitsUntilTheLimitMoves()
    {
        _queue.AdmitBefore(25);
        await EnqueueAsync(AppendOf(10));
        await EnqueueAsync(AppendOf(20));
        var third = EnqueueAsync(AppendOf(1));
        Assert.False(third.IsCompleted);

        // Durable by now, which changes nothing for who follows the log.
        _queue.Release(Take(), durable: 30);
        Assert.False(third.IsCompleted);
        _queue.AdmitBefore(30);
        Assert.False(third.IsCompleted);
        _queue.AdmitBefore(31);
        await third;
        Assert.False(EnqueueAsync(AppendOf(1)).IsCompleted);
    }

    [Fact]
    public async Task Enqueue_OfBatchesThatTurnedOutToBeDuplicates_DoesNotCountThemAsAhead()
    {
        _queue.AdmitBefore(15);
        await EnqueueAsync(AppendOf(20));
        var second = EnqueueAsync(AppendOf(20));
        Assert.False(second.IsCompleted);
        _queue.Release(Take(), durable: 0);
        await second;
    }

    [Fact]
    public async Task Complete_TellsThoseWhoWaitAndLeavesWhatIsIn()
    {
        var first = Append(900);
        await EnqueueAsync(first);
        var waiting = EnqueueAsync(Append(900));
        _queue.Complete();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Throws<ObjectDisposedException>(() => { _ = EnqueueAsync(Append(1)); });
        Assert.Equal([first], Take());
        Assert.False(_queue.Take([], groupBytes: 1000));
    }

    private static PendingAppend Append(long bytes) => new(new AppendBatch([]), bytes);

    private static PendingAppend AppendOf(int entries) => new(new AppendBatch([.. LogSamples.Samples(0, entries)]), bytes: 1);

    private Task EnqueueAsync(PendingAppend append) => _queue.EnqueueAsync(append, Cancellation).AsTask();

    private List<PendingAppend> Take(long groupBytes = long.MaxValue)
    {
        var group = new List<PendingAppend>();
        Assert.True(_queue.Take(group, groupBytes));
        return group;
    }
}

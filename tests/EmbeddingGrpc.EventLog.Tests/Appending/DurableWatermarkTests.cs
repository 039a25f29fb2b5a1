using EmbeddingGrpc.EventLog.Appending;

namespace EmbeddingGrpc.EventLog.Tests.Appending;

public sealed class DurableWatermarkTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WaitAbove_AValueThatIsReached_CompletesAtOnce() =>
        Assert.Equal(5, await new DurableWatermark(5).WaitAboveAsync(4, Cancellation));

    [Fact]
    public async Task WaitAbove_AValueFarAhead_OutlastsEarlierAdvances()
    {
        var watermark = new DurableWatermark(0);
        var far = watermark.WaitAboveAsync(10, Cancellation).AsTask();
        var near = watermark.WaitAboveAsync(0, Cancellation).AsTask();
        watermark.Advance(5);
        Assert.Equal(5, await near);
        Assert.False(far.IsCompleted);
        watermark.Advance(11);
        Assert.Equal(11, await far);
    }

    [Fact]
    public async Task WaitAbove_WhenCancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        var waiting = new DurableWatermark(0).WaitAboveAsync(0, cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task WaitAbove_AfterTheEnd_StillTellsWhatIsReachedAndThrowsForTheRest()
    {
        var watermark = new DurableWatermark(3);
        var waiting = watermark.WaitAboveAsync(3, Cancellation).AsTask();
        watermark.End(new ObjectDisposedException("log"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Equal(3, await watermark.WaitAboveAsync(2, Cancellation));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await watermark.WaitAboveAsync(3, Cancellation));
    }

    [Fact]
    public async Task Advance_BesideManyWaiters_WakesEachOfThem()
    {
        var watermark = new DurableWatermark(0);
        var waiters = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var seen = 0L; seen < 20_000;) seen = await watermark.WaitAboveAsync(seen, Cancellation);
        })).ToArray();
        for (var value = 1; value <= 20_000; value++) watermark.Advance(value);
        await Task.WhenAll(waiters).WaitAsync(Cancellation);
    }
}

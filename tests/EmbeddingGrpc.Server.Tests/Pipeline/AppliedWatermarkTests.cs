using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class AppliedWatermarkTests
{
    [Fact]
    public void WaitAsync_OffsetAlreadyApplied_IsDone() =>
        Assert.True(new AppliedWatermark(new LogOffset(5)).WaitAsync(new LogOffset(5), TestContext.Current.CancellationToken).AsTask().IsCompletedSuccessfully);

    [Fact]
    public async Task Advance_PastSomeWaiters_WakesThoseOnly()
    {
        var watermark = new AppliedWatermark(default);
        var near = watermark.WaitAsync(new LogOffset(3), TestContext.Current.CancellationToken).AsTask();
        var far = watermark.WaitAsync(new LogOffset(4), TestContext.Current.CancellationToken).AsTask();

        watermark.Advance(new LogOffset(3));

        await near;
        Assert.False(far.IsCompleted);
        watermark.Advance(new LogOffset(4));
        await far;
    }

    [Fact]
    public async Task WaitAsync_Cancelled_ThrowsAndLeavesNoWaiter()
    {
        var watermark = new AppliedWatermark(default);
        using var cancel = new CancellationTokenSource();
        var wait = watermark.WaitAsync(new LogOffset(1), cancel.Token).AsTask();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
        Assert.Equal(0, watermark.WaiterCount);
    }

    [Fact]
    public async Task Fail_WaitersNowAndLater_GetTheCause()
    {
        var watermark = new AppliedWatermark(default);
        var now = watermark.WaitAsync(new LogOffset(1), TestContext.Current.CancellationToken).AsTask();

        watermark.Fail(new ApplierFailedException("broken", new IOException()));

        await Assert.ThrowsAsync<ApplierFailedException>(() => now);
        await Assert.ThrowsAsync<ApplierFailedException>(() => watermark.WaitAsync(new LogOffset(1), TestContext.Current.CancellationToken).AsTask());
    }

    [Fact]
    public async Task WaitAsync_ManyThreadsAgainstTheWriter_NobodyIsForgotten()
    {
        const int Last = 20_000;
        var watermark = new AppliedWatermark(default);
        var waits = Enumerable.Range(0, 4).Select(worker => Task.Run(
            async () =>
            {
                for (var offset = worker + 1; offset <= Last; offset += 4)
                {
                    await watermark.WaitAsync(new LogOffset(offset), TestContext.Current.CancellationToken);
                    Assert.True(watermark.Offset.Value >= offset);
                }
            },
            TestContext.Current.CancellationToken)).ToArray();
        for (var offset = 1; offset <= Last; offset++) watermark.Advance(new LogOffset(offset));

        await Task.WhenAll(waits);
        Assert.Equal(0, watermark.WaiterCount);
    }
}

using EmbeddingGrpc.Server.Grpc;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class InFlightLimitTests
{
    [Fact]
    public async Task AcquireAsync_NoPlaces_WaitsForARelease()
    {
        var limit = new InFlightLimit(10);
        await limit.AcquireAsync(8, TestContext.Current.CancellationToken);
        var waiting = limit.AcquireAsync(3, TestContext.Current.CancellationToken).AsTask();
        Assert.False(waiting.IsCompleted);
        limit.Release(8);
        await waiting;
    }

    [Fact]
    public async Task AcquireAsync_MoreThanThereIsAtAll_PassesAlone()
    {
        var limit = new InFlightLimit(10);
        await limit.AcquireAsync(50, TestContext.Current.CancellationToken);
        Assert.False(limit.AcquireAsync(1, TestContext.Current.CancellationToken).AsTask().IsCompleted);
    }

    [Fact]
    public async Task AcquireAsync_Cancelled_TakesNoPlaces()
    {
        var limit = new InFlightLimit(10);
        await limit.AcquireAsync(10, TestContext.Current.CancellationToken);
        using var cancel = new CancellationTokenSource();
        var waiting = limit.AcquireAsync(5, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        limit.Release(10);
        await limit.AcquireAsync(10, TestContext.Current.CancellationToken);
    }
}

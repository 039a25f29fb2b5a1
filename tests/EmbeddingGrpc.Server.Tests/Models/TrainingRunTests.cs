using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class TrainingRunTests
{
    private static readonly TimeSpan Never = Timeout.InfiniteTimeSpan;

    [Fact]
    public async Task WatchAsync_PhasesEndWhileNobodyLooks_TellsEachOfThemAtItsEnd()
    {
        var run = new TrainingRun();
        foreach (var phase in Enum.GetValues<TrainingPhase>())
        {
            run.Report(new TrainingStatus(phase, 0.5));
            run.EndPhase(new TrainingStatus(phase, 1));
        }

        run.Complete(Outcome());

        var told = await run.WatchAsync(Never, TimeProvider.System, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Enum.GetValues<TrainingPhase>().Select(phase => new TrainingStatus(phase, 1)), told);
    }

    [Fact]
    public async Task WatchAsync_PhaseEnds_WakesTheWatcherWithoutWaitingForTheInterval()
    {
        var run = new TrainingRun();
        await using var watcher = run.WatchAsync(Never, TimeProvider.System, TestContext.Current.CancellationToken)
            .GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await watcher.MoveNextAsync());
        Assert.Equal(new TrainingStatus(TrainingPhase.Read), watcher.Current);
        var next = watcher.MoveNextAsync();

        run.EndPhase(new TrainingStatus(TrainingPhase.Read, 1));

        Assert.True(await next);
        Assert.Equal(new TrainingStatus(TrainingPhase.Read, 1), watcher.Current);
        var end = watcher.MoveNextAsync();
        run.Complete(Outcome());
        Assert.False(await end);
    }

    [Fact]
    public async Task WatchAsync_Failure_EndsTheWatchAndIsInCompletion()
    {
        var run = new TrainingRun();
        run.EndPhase(new TrainingStatus(TrainingPhase.Read, 1));
        run.Fail(new NothingToTrainException("default", "it is a test."));

        var told = await run.WatchAsync(Never, TimeProvider.System, TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal([new TrainingStatus(TrainingPhase.Read, 1)], told);
        await Assert.ThrowsAsync<NothingToTrainException>(() => run.Completion);
    }

    [Fact]
    public async Task WatchAsync_Cancelled_StopsWatchingAndNothingElse()
    {
        var run = new TrainingRun();
        using var cancel = new CancellationTokenSource();
        await using var watcher = run.WatchAsync(Never, TimeProvider.System, cancel.Token).GetAsyncEnumerator(cancel.Token);
        Assert.True(await watcher.MoveNextAsync());
        var next = watcher.MoveNextAsync();

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        Assert.False(run.Completion.IsCompleted);
    }

    private static TrainingOutcome Outcome() => new(
        new GenerationInfo { Id = 1, Number = 1, CreateTime = default, TrainedOffset = new LogOffset(1), ItemCount = 1, Dimension = 2 }, TimeSpan.FromSeconds(1));
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

public sealed class CheckpointWorkerTests : IAsyncDisposable
{
    private static readonly CheckpointSchedule Schedule = new(TimeSpan.FromMinutes(5), 1000);

    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryLog _log = new();
    private readonly FakeTimeProvider _time = new();

    [Theory]
    [InlineData(0, 3600, 0, false)]
    [InlineData(1, 299, 0, false)]
    [InlineData(1, 300, 0, true)]
    [InlineData(999, 10, 0, false)]
    [InlineData(1000, 10, 0, true)]
    [InlineData(1_000_000, 30, 10, false)]
    [InlineData(1_000_000, 40, 10, true)]
    public void IsDue_EntriesAndTimes_FollowTheSchedule(long entries, int elapsedSeconds, int lastTookSeconds, bool due) =>
        Assert.Equal(due, Schedule.IsDue(entries, TimeSpan.FromSeconds(elapsedSeconds), TimeSpan.FromSeconds(lastTookSeconds)));

    [Fact]
    public async Task Worker_EnoughApplied_WritesByItself()
    {
        await using var events = await OpenAsync(2000);
        Assert.Equal(0, events.Checkpoints.SafeOffset.Value);
        // The loop looks every few seconds of its clock; each advance lets it look once more.
        while (events.Checkpoints.SafeOffset.Value == 0)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        Assert.Equal(2000, events.Checkpoints.SafeOffset.Value);
    }

    [Fact]
    public async Task WriteAsync_OnlyThis_LeavesNoOlderOne()
    {
        await using var events = await OpenAsync(100);
        await events.Checkpoints.WriteAsync(onlyThis: false, TestContext.Current.CancellationToken);
        await _log.AppendAsync(100, 50);
        await events.Applier.WaitForAppliedAsync(_log.Log.DurableOffset, TestContext.Current.CancellationToken);
        await events.Checkpoints.WriteAsync(onlyThis: false, TestContext.Current.CancellationToken);
        Assert.Equal(100, events.Checkpoints.SafeOffset.Value);

        await events.Checkpoints.WriteAsync(onlyThis: true, TestContext.Current.CancellationToken);
        Assert.Equal(150, events.Checkpoints.SafeOffset.Value);
    }

    [Fact]
    public async Task DisposeAsync_LittleToReplay_WritesNothing()
    {
        await using (await OpenAsync(1000))
        {
        }

        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public async Task DisposeAsync_MuchToReplay_LeavesACheckpoint()
    {
        await using (await OpenAsync(100_000))
        {
        }

        Assert.Equal(100_000, NewStore().OldestStart!.Value.Value);
    }

    [Fact]
    public async Task DisposeAsync_AfterApplyingFailed_KeepsNothingOfTheDoubtfulState()
    {
        await _log.AppendAsync(0, 100_000);
        var state = new AppliedState(new ItemKeys(), new UserHistories(), new ItemCounters(TimeSpan.FromDays(7)));
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var applier = new EventApplier(
            _log.Log, state, default, NullLogger<EventApplier>.Instance, _ => failed.SetResult(), onRecord: (_, _) => throw new InvalidOperationException("by a test"));
        await _log.Log.AppendAsync(new AppendBatch([]) { Records = [new ItemDeleted("x")] }, TestContext.Current.CancellationToken);
        await failed.Task.WaitAsync(TestContext.Current.CancellationToken);
        await using (var running = new Running(applier, new CheckpointWorker(NewStore(), state, applier, default, Schedule, _time, NullLogger.Instance)))
            await Assert.ThrowsAsync<ApplierFailedException>(() => running.Checkpoints.WriteAsync(onlyThis: false, TestContext.Current.CancellationToken));

        Assert.Empty(Directory.GetFiles(_folder.FullPath));
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<Running> OpenAsync(int interactions)
    {
        await _log.AppendAsync(0, interactions);
        var state = new AppliedState(new ItemKeys(), new UserHistories(), new ItemCounters(TimeSpan.FromDays(7)));
        var applier = new EventApplier(_log.Log, state, default, NullLogger<EventApplier>.Instance);
        await applier.WaitForAppliedAsync(new LogOffset(interactions), TestContext.Current.CancellationToken);
        return new Running(applier, new CheckpointWorker(NewStore(), state, applier, default, Schedule, _time, NullLogger.Instance));
    }

    private CheckpointStore NewStore() => new(_folder.FullPath, DiskFileSystem.Instance, NullLogger.Instance);

    private sealed record Running(EventApplier Applier, CheckpointWorker Checkpoints) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Applier.DisposeAsync();
            await Checkpoints.DisposeAsync();
        }
    }
}

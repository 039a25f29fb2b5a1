using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Keeps a model's checkpoints young, so that a start replays little of its log. One at a time; any thread may ask for one.</summary>
internal sealed partial class CheckpointWorker : IAsyncDisposable
{
    private const int Niceness = 10;

    // Replaying fewer is quicker than writing the whole state.
    private const long WorthAtTheEnd = 100_000;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly CheckpointStore _store;
    private readonly AppliedState _state;
    private readonly EventApplier _applier;
    private readonly CheckpointSchedule _schedule;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private LogOffset _lastStart;
    private long _lastEnded;
    private TimeSpan _lastTook;

    /// <summary>Begins to look after checkpoints.</summary>
    /// <param name="store">Where they lie.</param>
    /// <param name="state">What they keep.</param>
    /// <param name="applier">Who changes it.</param>
    /// <param name="restored">Where replay began: the last checkpoint.</param>
    /// <param name="schedule">When one is due.</param>
    /// <param name="time">The clock of the schedule.</param>
    /// <param name="logger">Told where one could not be written.</param>
    public CheckpointWorker(
        CheckpointStore store, AppliedState state, EventApplier applier, LogOffset restored, CheckpointSchedule schedule, TimeProvider time, ILogger logger)
    {
        (_store, _state, _applier, _schedule, _time, _logger) = (store, state, applier, schedule, time, logger);
        (_lastStart, _lastEnded) = (restored, time.GetTimestamp());
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>What the log may forget as far as a restart is concerned; 0 while there is no checkpoint.</summary>
    public LogOffset SafeOffset => _store.OldestStart ?? default;

    /// <summary>Writes one now, whatever the schedule says.</summary>
    /// <param name="onlyThis">Whether older ones are removed with it: what was erased must not lie in them.</param>
    /// <param name="cancellationToken">Ends the work; the checkpoints stay as they were.</param>
    /// <exception cref="ApplierFailedException">The log cannot be applied any more.</exception>
    public async Task WriteAsync(bool onlyThis, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var began = _time.GetTimestamp();
            var bounds = await Task.Factory.StartNew(
                () => LowPriorityThread.Run("checkpoint", Niceness, () => _store.Write(_state, Applied, cancellationToken)),
                cancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            _lastStart = bounds.Start;
            if (onlyThis) _store.Keep(1);
            (_lastEnded, _lastTook) = (_time.GetTimestamp(), _time.GetElapsedTime(began));
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Stops, and leaves a last checkpoint where replaying would take longer. The applier must have stopped.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop;
        if (_applier.AppliedOffset.Value - _lastStart.Value >= WorthAtTheEnd) await TryWriteAsync(CancellationToken.None);
        _stopping.Dispose();
        _writing.Dispose();
    }

    // Once applying has failed, the state may hold half of what came last: it must not be kept.
    private LogOffset Applied() => _applier.Failure is { } failure ? throw failure : _applier.AppliedOffset;

    private async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(LookEvery, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token))
            {
                var entries = _applier.AppliedOffset.Value - _lastStart.Value;
                if (_schedule.IsDue(entries, _time.GetElapsedTime(_lastEnded), _lastTook)) await TryWriteAsync(_stopping.Token);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The model is closed.
        }
    }

    private async Task TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(onlyThis: false, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ApplierFailedException)
        {
            // The log has everything: a start takes longer, nothing is lost.
            LogNotWritten(e, e.Message);
            _lastEnded = _time.GetTimestamp();
        }
    }

    [LoggerMessage(1113, LogLevel.Error, "A checkpoint could not be written, the next start will replay more of the log: {Reason}")]
    private partial void LogNotWritten(Exception exception, string reason);
}

using System.Diagnostics;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// Reads what the log has made durable and applies it to item keys, user histories, item counters and what else the state has. Holds the log back where it
/// would run too far ahead. One thread of its own for each model.
/// </summary>
public sealed partial class EventApplier : IAsyncDisposable
{
    private readonly InteractionLog _log;
    private readonly BatchApplier _batches;
    private readonly ApplyPace _pace;
    private readonly EntryBatch _batch = new();
    private readonly ILogger<EventApplier> _logger;
    private readonly Action<Exception>? _onFailure;
    private readonly AppliedWatermark _applied;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // When the group was written that is being applied, or was last.
    private long _commitMs = long.MaxValue;

    /// <summary>Starts applying.</summary>
    /// <param name="log">Read, never written.</param>
    /// <param name="state">Written by this applier only.</param>
    /// <param name="from">Everything before it is in <paramref name="state"/> already; some of what follows may be.</param>
    /// <param name="logger">Told of a failure, as critical.</param>
    /// <param name="onFailure">Told of a failure, after which nothing is applied any more: for health.</param>
    /// <param name="onRecord">Told, on the applier's thread, of each entry that is no interaction, when everything before it is applied.</param>
    /// <param name="lag">How long applying may take what the log holds: the log admits no more than that. Null is half a second.</param>
    public EventApplier(
        InteractionLog log, AppliedState state, LogOffset from, ILogger<EventApplier> logger, Action<Exception>? onFailure = null,
        Action<LogRecord, LogOffset>? onRecord = null, TimeSpan? lag = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        (_log, _logger, _onFailure) = (log, logger, onFailure);
        _applied = new AppliedWatermark(from);
        _batches = new BatchApplier(state, onRecord, _applied.Advance);
        _pace = new ApplyPace(lag ?? TimeSpan.FromSeconds(0.5), from, log.DurableOffset);
        new Thread(Run) { IsBackground = true, Name = "event applier" }.Start();
    }

    /// <summary>Entries applied.</summary>
    public LogOffset AppliedOffset => _applied.Offset;

    /// <summary>What ended it; null while it applies.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>How long ago the oldest entry was written that is not applied; zero where all is.</summary>
    /// <param name="now">By the clock that the log has.</param>
    public TimeSpan LagAt(DateTimeOffset now)
    {
        if (AppliedOffset >= _log.DurableOffset) return TimeSpan.Zero;
        return TimeSpan.FromMilliseconds(Math.Max(0, now.ToUnixTimeMilliseconds() - Volatile.Read(ref _commitMs)));
    }

    /// <summary>Waits until every entry before <paramref name="offset"/> is applied.</summary>
    /// <exception cref="ApplierFailedException">It never will be: applying failed.</exception>
    /// <exception cref="ObjectDisposedException">It never will be: the model was closed.</exception>
    public ValueTask WaitForAppliedAsync(LogOffset offset, CancellationToken cancellationToken) => _applied.WaitAsync(offset, cancellationToken);

    /// <summary>The same for a thread of one's own: blocks it, and wakes it without the thread pool.</summary>
    /// <param name="offset">Where to wait for.</param>
    /// <param name="most">How long to wait at most.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>Whether everything before <paramref name="offset"/> is applied.</returns>
    internal bool WaitForApplied(LogOffset offset, TimeSpan most, CancellationToken cancellationToken) => _applied.Wait(offset, most, cancellationToken);

    /// <summary>Stops applying; what is durable and not applied is applied at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _stopped.Task;
        _stopping.Dispose();
    }

    private void Run()
    {
        try
        {
            while (true) ApplyNext();
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            _log.AdmitBefore(null);
            _applied.Fail(new ObjectDisposedException(nameof(EventApplier), "The model was closed."));
        }
#pragma warning disable CA1031 // Whatever it was: the thread must not take the daemon down, and must not die in silence.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failure = new ApplierFailedException($"Applying the log failed at offset {AppliedOffset}; restart the daemon once the cause is gone: {e.Message}", e);
            LogFailed(e, AppliedOffset);
            // Nobody would let the log go on. What is taken is safe and is applied after a restart.
            _log.AdmitBefore(null);
            _applied.Fail(Failure);
            _onFailure?.Invoke(Failure);
        }
        finally
        {
            _stopped.SetResult();
        }
    }

    private void ApplyNext()
    {
        var from = AppliedOffset;
        var to = _log.WaitForDurable(from, _stopping.Token);
        foreach (var batch in _log.ScanBatches(_batch, from, to, _stopping.Token))
        {
            Volatile.Write(ref _commitMs, batch.CommitTimeMs);
            var (before, began) = (AppliedOffset, Stopwatch.GetTimestamp());
            _batches.Apply(batch);
            _applied.Advance(batch.EndOffset);
            _pace.Note(batch.EndOffset.Value - before.Value, Stopwatch.GetElapsedTime(began));
            _log.AdmitBefore(_pace.AdmitBefore(batch.EndOffset));
        }

        _applied.Advance(to);
    }

    [LoggerMessage(1101, LogLevel.Critical, "Applying the log failed at offset {Offset}. User histories stay as they are until the daemon is restarted.")]
    private partial void LogFailed(Exception exception, LogOffset offset);
}

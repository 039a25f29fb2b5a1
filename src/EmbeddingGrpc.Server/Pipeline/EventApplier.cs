using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Reads what the log has made durable and applies it to item keys, user histories and item counters. One thread of its own for each model.</summary>
public sealed partial class EventApplier : IAsyncDisposable
{
    // Waiters learn of progress this often within one run of the log; small enough to read one's own writes during a replay.
    private const int AdvanceEvery = 1024;

    private readonly InteractionLog _log;
    private readonly AppliedState _state;
    private readonly ILogger<EventApplier> _logger;
    private readonly Action<Exception>? _onFailure;
    private readonly Action<LogRecord, LogOffset>? _onRecord;
    private readonly AppliedWatermark _applied;
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Starts applying.</summary>
    /// <param name="log">Read, never written.</param>
    /// <param name="state">Written by this applier only.</param>
    /// <param name="from">Everything before it is in <paramref name="state"/> already; some of what follows may be.</param>
    /// <param name="logger">Told of a failure, as critical.</param>
    /// <param name="onFailure">Told of a failure, after which nothing is applied any more: for health.</param>
    /// <param name="onRecord">Applies what is no interaction, on the applier's thread and in its place among the interactions, before the watermark passes it.</param>
    public EventApplier(
        InteractionLog log,
        AppliedState state,
        LogOffset from,
        ILogger<EventApplier> logger,
        Action<Exception>? onFailure = null,
        Action<LogRecord, LogOffset>? onRecord = null)
    {
        (_log, _state, _logger, _onFailure, _onRecord) = (log, state, logger, onFailure, onRecord);
        _applied = new AppliedWatermark(from);
        new Thread(Run) { IsBackground = true, Name = "event applier" }.Start();
    }

    /// <summary>Entries applied.</summary>
    public LogOffset AppliedOffset => _applied.Offset;

    /// <summary>What ended it; null while it applies.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Waits until every entry before <paramref name="offset"/> is applied.</summary>
    /// <exception cref="ApplierFailedException">It never will be: applying failed.</exception>
    /// <exception cref="ObjectDisposedException">It never will be: the model was closed.</exception>
    public ValueTask WaitForAppliedAsync(LogOffset offset, CancellationToken cancellationToken) => _applied.WaitAsync(offset, cancellationToken);

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
            _applied.Fail(new ObjectDisposedException(nameof(EventApplier), "The model was closed."));
        }
#pragma warning disable CA1031 // Whatever it was: the thread must not take the daemon down, and must not die in silence.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Failure = new ApplierFailedException($"Applying the log failed at offset {AppliedOffset}; restart the daemon once the cause is gone: {e.Message}", e);
            LogFailed(e, AppliedOffset);
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
        var to = _log.WaitForDurableAsync(from, _stopping.Token).AsTask().GetAwaiter().GetResult();
        foreach (var entry in _log.ScanAll(from, to, _stopping.Token))
        {
            Apply(entry);
            if (entry.Offset.Value % AdvanceEvery == 0) _applied.Advance(new LogOffset(entry.Offset.Value + 1));
        }

        _applied.Advance(to);
    }

    private void Apply(in LogEntry entry)
    {
        if (entry.Record is { } record)
        {
            _onRecord?.Invoke(record, entry.Offset);
            return;
        }

        var interaction = entry.Interaction;
        var key = _state.Items.GetOrAdd(interaction.ItemId);
        var applied = new HistoryEvent(key, interaction.Type, interaction.EventTimeMs, interaction.Weight);
        _state.Histories.Apply(interaction.UserId, applied, entry.Offset);
        _state.Counters.Apply(applied, entry.Offset);
    }

    [LoggerMessage(1101, LogLevel.Critical, "Applying the log failed at offset {Offset}. User histories stay as they are until the daemon is restarted.")]
    private partial void LogFailed(Exception exception, LogOffset offset);
}

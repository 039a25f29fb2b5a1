using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Segments;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog.Appending;

/// <summary>
/// The one thread that writes: it takes every batch that waits, makes one group of them, syncs once and answers all. While it syncs, the next
/// group gathers, so that the groups grow with the load and with the slowness of the disk.
/// </summary>
internal sealed class Appender
{
    /// <summary>A group takes whole batches up to about this size.</summary>
    private const long GroupBytes = 2L * 1024 * 1024;

    private readonly AppendQueue _queue;
    private readonly SegmentWriter _writer;
    private readonly ProducerTable _producers;
    private readonly DurableWatermark _durable;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GroupEncoder _encoder = new();
    private readonly GroupProducers _movedProducers;
    private readonly List<PendingAppend> _group = [];
    private readonly List<PendingAppend> _accepted = [];
    private LogUnavailableException? _failure;

    public Appender(AppendQueue queue, SegmentWriter writer, ProducerTable producers, DurableWatermark durable, TimeProvider time, ILogger logger)
    {
        _queue = queue;
        _writer = writer;
        _producers = producers;
        _durable = durable;
        _time = time;
        _logger = logger;
        _movedProducers = new GroupProducers(producers);
        _thread = new Thread(Run) { IsBackground = true, Name = "event log appender" };
    }

    /// <summary>Why nothing will be written until the log is opened again; null while it works.</summary>
    public LogUnavailableException? Failure => Volatile.Read(ref _failure);

    public void Start() => _thread.Start();

    /// <summary>Once the queue is completed: answers what is left in it and closes.</summary>
    public Task EndAsync()
    {
        // Without its thread the work is left to the caller.
        if (_thread.ThreadState.HasFlag(ThreadState.Unstarted)) Run();
        return _ended.Task;
    }

    /// <summary>The work of the thread for as long as something waits, for a log that has none.</summary>
    public void CommitQueued()
    {
        while (_queue.TryTake(_group, GroupBytes)) CommitGroup();
    }

    private void Run()
    {
        while (_queue.Take(_group, GroupBytes)) CommitGroup();
        Close();
        _ended.SetResult();
    }

    private void CommitGroup()
    {
        Commit();
        _queue.Release(_group, _durable.Value);
        _group.Clear();
        _accepted.Clear();
    }

    private void Commit()
    {
        _movedProducers.Clear();
        _encoder.Clear();
        try
        {
            if (_failure is { } failure) throw new LogUnavailableException(failure.Message, retryMayHelp: false, failure);
            var nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var append in _group) Accept(append);
            if (_encoder.EntryCount > 0 || _movedProducers.Updates.Count > 0)
            {
                _writer.Append(_encoder.Finish(_movedProducers.Updates), _encoder.EntryCount, nowMs);
                foreach (var update in _movedProducers.Updates)
                    _producers.Set(update.Name, new ProducerState(update.Epoch, update.DoneThrough, nowMs));
                _durable.Advance(_writer.NextOffset);
            }
            EventLogMetrics.Committed(_accepted.Count, _encoder.EntryCount, _accepted.Sum(append => (long)append.Result.Duplicates));
            foreach (var append in _accepted)
            {
                // A group that is durable is acknowledged even where the segment that was asked for after it cannot be begun.
                if (!append.BeginsSegment) append.Complete();
            }
            foreach (var append in _accepted)
            {
                if (!append.BeginsSegment) continue;
                _writer.BeginSegment(nowMs);
                append.Complete();
            }
        }
        catch (LogUnavailableException e)
        {
            Fail(e);
        }
        catch (Exception e)
        {
            // A mistake of this program, not the disk's: the callers must not wait for ever, and what is on disk is in doubt.
            Fail(new LogUnavailableException($"The event log failed: {e.Message}", retryMayHelp: false, e));
        }
    }

    /// <summary>Puts what is new of a batch into the group and notes what its caller will be told.</summary>
    private void Accept(PendingAppend append)
    {
        var batch = append.Batch;
        var skipped = 0;
        var done = 0UL;
        if (batch.Follows > 0 && batch.Producer is { } follower && _movedProducers.DoneThroughOf(follower) is var before && before < batch.Follows)
        {
            append.Fail(new LogUnavailableException(
                $"The batch follows number {batch.Follows} of producer '{follower.Name}', which was refused: the log has its numbers up to {before}. Send again from there.", retryMayHelp: true));
            return;
        }
        if (batch.Producer is { } producer && !_movedProducers.TryMove(producer, batch, out skipped, out done, out var fencedBy))
        {
            append.Fail(new ProducerFencedException(producer, fencedBy));
            return;
        }
        foreach (ref readonly var interaction in batch.Interactions.AsSpan(skipped)) _encoder.Add(interaction);
        foreach (var record in batch.Records) _encoder.Add(record);
        append.Result = new AppendResult(new LogOffset(_writer.NextOffset + _encoder.EntryCount), done, batch.Interactions.Length - skipped + batch.Records.Length, skipped);
        _accepted.Add(append);
    }

    private void Fail(LogUnavailableException exception)
    {
        if (!exception.RetryMayHelp && _failure is null)
        {
            Volatile.Write(ref _failure, exception);
            AppenderLog.Failed(_logger, exception);
        }
        else if (exception.RetryMayHelp)
        {
            AppenderLog.NoSpace(_logger, exception);
        }
        EventLogMetrics.DiskRefused(_group.Count);
        foreach (var append in _group) append.Fail(exception);
    }

    private void Close()
    {
        if (_failure is not null) return;
        try
        {
            _writer.Mark();
        }
        catch (LogUnavailableException e)
        {
            AppenderLog.CloseFailed(_logger, e);
        }
    }
}

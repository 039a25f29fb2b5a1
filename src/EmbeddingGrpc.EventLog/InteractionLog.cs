using EmbeddingGrpc.EventLog.Appending;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Maintenance;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Recovery;
using EmbeddingGrpc.EventLog.Segments;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog;

/// <summary>
/// Interactions on disk: append-only, one writer thread, group commit (one fsync for every batch that waited), readers wait-free.
/// After a failed fsync it refuses writes until it is opened again.
/// </summary>
public sealed class InteractionLog : IAsyncDisposable
{
    private readonly IDisposable _lock;
    private readonly SegmentSet _segments;
    private readonly ProducerTable _producers;
    private readonly AppendQueue _queue;
    private readonly DurableWatermark _durable;
    private readonly Appender _appender;
    private readonly LogMaintenance _maintenance;
    private readonly TimeProvider _time;
    private int _disposed;

    private InteractionLog(IDisposable directoryLock, SegmentFiles files, EventLogOptions options, TimeProvider time, ILogger logger, bool startAppender)
    {
        _lock = directoryLock;
        _time = time;
        (_segments, _producers) = new LogRecovery(files, logger).Run(time.GetUtcNow().ToUnixTimeMilliseconds());
        _queue = new AppendQueue(options.AppendQueueLength, options.AppendQueueBytes, _segments.Active.EndOffset);
        _durable = new DurableWatermark(_segments.Active.EndOffset);
        var writer = new SegmentWriter(files, _segments, _producers, options);
        _appender = new Appender(_queue, writer, _producers, _durable, time, logger);
        _maintenance = new LogMaintenance(files, _segments, options, logger);
        EventLogMetrics.Opened();
        if (startAppender) _appender.Start();
    }

    /// <summary>Entries that are on disk. Rises after each commit.</summary>
    public LogOffset DurableOffset => new(_durable.Value);

    /// <summary>The oldest offset that is still kept; 0 until retention removes something.</summary>
    public LogOffset FirstOffset => new(_segments.Snapshot[0].BaseOffset);

    /// <summary>Memory of what waits to become durable, in bytes; <see cref="EventLogOptions.AppendQueueBytes"/> bounds it.</summary>
    public long QueuedBytes => _queue.HeldBytes;

    /// <summary>Why the log takes no writes until it is opened again; null while it does.</summary>
    public LogUnavailableException? Failure => _appender.Failure;

    /// <summary>Opens or creates the log in a directory and repairs a torn tail.</summary>
    /// <exception cref="LogCorruptException">A group before the tail is damaged; says which file and where.</exception>
    /// <exception cref="LogUnavailableException">The directory cannot be written, or another process has the log open; says which and what to do.</exception>
    public static InteractionLog Open(string directory, EventLogOptions options, TimeProvider time, ILogger logger) =>
        Open(directory, options, time, logger, DiskFileSystem.Instance);

    /// <inheritdoc cref="Open(string, EventLogOptions, TimeProvider, ILogger)"/>
    /// <param name="directory">Created if it does not exist.</param>
    /// <param name="options">How the log is kept.</param>
    /// <param name="time">The clock of commits and of the expiry of producers.</param>
    /// <param name="logger">Told of repairs and failures.</param>
    /// <param name="files">The disk.</param>
    public static InteractionLog Open(string directory, EventLogOptions options, TimeProvider time, ILogger logger, IFileSystem files) =>
        Open(directory, options, time, logger, files, startAppender: true);

    /// <summary>Without its thread, <see cref="CommitQueued"/> does the appender's work: a run is then the same every time.</summary>
    internal static InteractionLog Open(string directory, EventLogOptions options, TimeProvider time, ILogger logger, IFileSystem files, bool startAppender)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        ArgumentNullException.ThrowIfNull(files);
        var path = Path.GetFullPath(directory);
        var directoryLock = LogDirectory.Prepare(files, path);
        try
        {
            return new InteractionLog(directoryLock, new SegmentFiles(files, path), options, time, logger, startAppender);
        }
        catch (Exception e)
        {
            directoryLock.Dispose();
            if (DiskErrors.IsDiskError(e)) throw LogDirectory.CannotOpen(path, e);
            throw;
        }
    }

    /// <summary>Appends a batch and completes when it is durable. Numbers that are durable already are ignored.</summary>
    /// <remarks>
    /// Batches are written in the order of the calls. Cancelling while the batch waits for a place in the queue takes it back; after that it only ends the
    /// wait: the batch is written all the same.
    /// </remarks>
    /// <exception cref="ArgumentException">The batch cannot be stored; says which interaction and why.</exception>
    /// <exception cref="ProducerFencedException">A higher epoch of the producer is known.</exception>
    /// <exception cref="LogUnavailableException">The disk refused: nothing of the batch is acknowledged. Says why, and whether a retry may help.</exception>
    public async ValueTask<AppendResult> AppendAsync(AppendBatch batch, CancellationToken cancellationToken = default)
    {
        var written = await EnqueueAsync(batch, cancellationToken).ConfigureAwait(false);
        return await written.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The first half of <see cref="AppendAsync"/>: completes when the batch has its place in the bounded queue, which is what a sender should wait for before it
    /// takes more from its own source. The inner task completes when the batch is durable.
    /// </summary>
    /// <remarks>Cancelling means that the batch was not appended and will not be.</remarks>
    /// <inheritdoc cref="AppendAsync" path="/exception"/>
    public ValueTask<Task<AppendResult>> EnqueueAsync(AppendBatch batch, CancellationToken cancellationToken = default)
    {
        var append = new PendingAppend(batch, BatchValidation.Check(batch));
        if (_appender.Failure is { } failure) throw new LogUnavailableException(failure.Message, retryMayHelp: false, failure);
        var admitted = _queue.EnqueueAsync(append, cancellationToken);
        return admitted.IsCompletedSuccessfully ? new ValueTask<Task<AppendResult>>(append.Completion) : WaitAsync(admitted, append);

        static async ValueTask<Task<AppendResult>> WaitAsync(ValueTask admitted, PendingAppend append)
        {
            await admitted.ConfigureAwait(false);
            return append.Completion;
        }
    }

    /// <summary>Commits every batch that waits, on the caller's thread. Only where the log was opened without its own.</summary>
    internal void CommitQueued() => _appender.CommitQueued();

    /// <summary>The highest durable number of a producer; 0 for one it does not know.</summary>
    /// <remarks>Asking changes nothing: an empty batch of the producer is what makes a new epoch known and fences the older one.</remarks>
    /// <exception cref="ProducerFencedException">A higher epoch of the producer is known.</exception>
    public ulong DurableSequenceOf(ProducerId producer)
    {
        if (!_producers.TryGet(producer.Name, out var state) || state.Epoch < producer.Epoch) return 0;
        return state.Epoch == producer.Epoch ? state.DoneThrough : throw new ProducerFencedException(producer, state.Epoch);
    }

    /// <summary>Reads durable interactions in <c>[from, to)</c>, in order. Memory is bounded by one group.</summary>
    /// <remarks>
    /// Offsets may have gaps: entries that retention removed or that were erased are passed over, and so are other kinds of entries. When the enumeration has ended, everything before
    /// <paramref name="to"/> that exists was seen. Beyond what was durable at the call nothing is read.
    /// </remarks>
    /// <exception cref="LogCorruptException">A group is damaged; says which file and where.</exception>
    public IEnumerable<LogEntry> Scan(LogOffset from, LogOffset to, CancellationToken cancellationToken = default)
    {
        return LogScan.Read(_segments, from.Value, Math.Min(to.Value, _durable.Value), interactionsOnly: true, cancellationToken);
    }

    /// <summary>Reads durable entries of every kind in <c>[from, to)</c>, in order; otherwise as <see cref="Scan"/>.</summary>
    /// <inheritdoc cref="Scan"/>
    public IEnumerable<LogEntry> ScanAll(LogOffset from, LogOffset to, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from.Value, nameof(from));
        return LogScan.Read(_segments, from.Value, Math.Min(to.Value, _durable.Value), interactionsOnly: false, cancellationToken);
    }

    /// <summary>
    /// Reads durable entries of every kind in <c>[from, to)</c>, in order, a group at a time, without a string for every id: several times faster than
    /// <see cref="ScanAll"/>. Otherwise as <see cref="Scan"/>.
    /// </summary>
    /// <param name="batch">What is returned at each step, filled anew. Who follows the log keeps it.</param>
    /// <param name="from">First offset.</param>
    /// <param name="to">Offset after the last.</param>
    /// <param name="cancellationToken">Ends the enumeration between two groups.</param>
    /// <exception cref="LogCorruptException">A group is damaged; says which file and where.</exception>
    public IEnumerable<EntryBatch> ScanBatches(EntryBatch batch, LogOffset from, LogOffset to, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNegative(from.Value, nameof(from));
        return LogScan.ReadBatches(_segments, batch, from.Value, Math.Min(to.Value, _durable.Value), cancellationToken);
    }

    /// <summary>Waits until something at or after <paramref name="offset"/> is durable and returns the watermark.</summary>
    /// <exception cref="ObjectDisposedException">The log was closed meanwhile.</exception>
    public async ValueTask<LogOffset> WaitForDurableAsync(LogOffset offset, CancellationToken cancellationToken = default) =>
        new(await _durable.WaitAboveAsync(offset.Value, cancellationToken).ConfigureAwait(false));

    /// <summary>The same for a thread of one's own: blocks it, and wakes it without the thread pool.</summary>
    /// <inheritdoc cref="WaitForDurableAsync" path="/param"/>
    public LogOffset WaitForDurable(LogOffset offset, CancellationToken cancellationToken = default) => new(_durable.WaitAbove(offset.Value, cancellationToken));

    /// <summary>
    /// Lets the log run only so far ahead of whoever follows it: a batch gets its place in the queue only while everything before it ends before
    /// <paramref name="offset"/>. The follower calls it as it gets on; before the first call, and after one with null, nothing is held back.
    /// </summary>
    /// <param name="offset">Up to one batch more may pass.</param>
    public void AdmitBefore(LogOffset? offset) => _queue.AdmitBefore(offset?.Value ?? long.MaxValue);

    /// <summary>Removes old segments as <see cref="EventLogOptions.RetentionBytes"/> and <see cref="EventLogOptions.RetentionAge"/> ask, whole ones only.</summary>
    /// <param name="safeOffset">What every generation, checkpoint and training run can do without: nothing at or after it is removed.</param>
    /// <param name="cancellationToken">Ends the work between two segments.</param>
    /// <exception cref="LogUnavailableException">The disk refused; what was removed by then stays removed.</exception>
    public Task<RetentionResult> ApplyRetentionAsync(LogOffset safeOffset, CancellationToken cancellationToken = default) =>
        _maintenance.RemoveAsync(safeOffset, _time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);

    /// <summary>Removes every whole segment before an offset, whatever the options say.</summary>
    /// <inheritdoc cref="ApplyRetentionAsync"/>
    public Task<RetentionResult> TruncateBeforeAsync(LogOffset safeOffset, CancellationToken cancellationToken = default) =>
        _maintenance.RemoveAsync(safeOffset, nowMs: null, cancellationToken);

    /// <summary>
    /// Takes the interactions of erased users out of the files: every segment that holds one is written anew, ids and all, and replaces the old file. Offsets
    /// do not change. Repeating it is harmless, so that an erasure that a crash interrupted is simply run again.
    /// </summary>
    /// <param name="isErased">Whether a user id is one of those; asked once for each id, from another thread.</param>
    /// <param name="before">Only entries before it are erased: the offset of the erase record, so that a user may come back after it.</param>
    /// <param name="cancellationToken">Ends the work between two groups; segments finished by then stay rewritten.</param>
    /// <remarks>A scan that began earlier may still read the old file until it leaves that segment.</remarks>
    /// <exception cref="LogCorruptException">A segment is damaged.</exception>
    /// <exception cref="LogUnavailableException">The disk refused; repeat it.</exception>
    public Task<ErasureResult> EraseUsersAsync(Func<string, bool> isErased, LogOffset before, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(isErased);
        return EraseAsync(ErasedEntries.OfUsers(isErased), before, cancellationToken);
    }

    /// <summary>Takes what items were upserted with out of the files, in the same way. What users did with the items stays.</summary>
    /// <param name="isErased">Whether an item id is one of those; asked once for each id, from another thread.</param>
    /// <param name="before">Only records before it are erased: the offset of the items' deletion, so that they may be upserted after it.</param>
    /// <param name="cancellationToken">Ends the work between two groups; segments finished by then stay rewritten.</param>
    /// <inheritdoc cref="EraseUsersAsync" path="/exception"/>
    public Task<ErasureResult> EraseItemsAsync(Func<string, bool> isErased, LogOffset before, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(isErased);
        return EraseAsync(ErasedEntries.OfItems(isErased), before, cancellationToken);
    }

    private Task<ErasureResult> EraseAsync(ErasedEntries erased, LogOffset before, CancellationToken cancellationToken)
    {
        before = new LogOffset(Math.Min(before.Value, _durable.Value));
        return Task.Run(() => _maintenance.EraseAsync(erased, before, () => BeginSegmentAsync(cancellationToken), cancellationToken), cancellationToken);
    }

    private async Task BeginSegmentAsync(CancellationToken cancellationToken)
    {
        var request = new PendingAppend(new AppendBatch([]), 0) { BeginsSegment = true };
        await _queue.EnqueueAsync(request, cancellationToken).ConfigureAwait(false);
        await request.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Commits what is queued, then closes. A scan that is still running may finish its segment.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        await _maintenance.DisposeAsync().ConfigureAwait(false);
        _queue.Complete();
        await _appender.EndAsync().ConfigureAwait(false);
        _durable.End(new ObjectDisposedException(nameof(InteractionLog), "The event log is closed."));
        _segments.Close();
        _lock.Dispose();
    }
}

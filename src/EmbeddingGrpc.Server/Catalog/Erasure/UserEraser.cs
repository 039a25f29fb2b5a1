using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>
/// Erases users of one stream: from their histories at once, from the files of the log, and from the checkpoints. The log keeps a record that
/// names nobody. Any number of threads; erasures that wait for each other are done together, since each rewrites files.
/// </summary>
public sealed class UserEraser : IDisposable
{
    private readonly string _model;
    private readonly string _logDirectory;
    private readonly ErasureJournal _journal;
    private readonly InteractionLog _log;
    private readonly EventApplier _applier;
    private readonly CheckpointWorker _checkpoints;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Lock _gate = new();
    private List<Request> _waiting = [];

    internal UserEraser(
        string model,
        string logDirectory,
        ErasureJournal journal,
        InteractionLog log,
        EventApplier applier,
        CheckpointWorker checkpoints,
        TimeProvider time,
        ILogger logger)
    {
        (_model, _logDirectory, _journal, _log, _applier, _checkpoints, _time, _logger) =
            (model, logDirectory, journal, log, applier, checkpoints, time, logger);
    }

    /// <summary>A user was taken out of the histories. Raised while the erasure is under way, for who keeps something made of them.</summary>
    internal event Action<string>? Forgotten;

    /// <summary>Erases a user; need not be known.</summary>
    /// <param name="userId">1..256 bytes of UTF-8 without control characters.</param>
    /// <param name="cancellationToken">Until it is this erasure's turn; then it is finished in any case, at the next start if need be.</param>
    /// <exception cref="LogUnavailableException">The disk refused; repeat it.</exception>
    public async Task<ErasureReceipt> EraseAsync(string userId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(userId);
        var request = new Request(userId);
        lock (_gate) _waiting.Add(request);
        try
        {
            await _turn.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            lock (_gate) _waiting.Remove(request);
            throw;
        }

        try
        {
            // Perhaps the one before took it along.
            if (!request.Receipt.Task.IsCompleted) await EraseWaitingAsync();
            return await request.Receipt.Task;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Applies an erase record to the histories. The applier calls it, in the order of the log.</summary>
    internal static void Apply(LogRecord record, ErasureJournal journal, UserHistories histories)
    {
        // One that is not under way was finished before: neither log nor checkpoint has anything of that user from before the record.
        if (record is UserErased erased && journal.TryGetUser(erased.UserHash.Span, out var userId)) histories.Remove(userId);
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task EraseWaitingAsync()
    {
        List<Request> requests;
        lock (_gate) (requests, _waiting) = (_waiting, []);
        try
        {
            var receipts = await EraseAsync([.. requests.Select(request => request.UserId).Distinct(StringComparer.Ordinal)]);
            foreach (var request in requests) request.Receipt.SetResult(receipts[request.UserId]);
        }
        catch (Exception e)
        {
            var failure = e is IOException or UnauthorizedAccessException
                ? new LogUnavailableException($"The erasure could not be finished, and is finished when the daemon starts again or it is repeated: {e.Message}", retryMayHelp: true, e)
                : e;
            foreach (var request in requests) request.Receipt.SetException(failure);
        }
    }

    private async Task<Dictionary<string, ErasureReceipt>> EraseAsync(IReadOnlyList<string> users)
    {
        var hashes = users.ToDictionary(user => user, _journal.Begin, StringComparer.Ordinal);
        var appended = await _log.AppendAsync(new AppendBatch([]) { Records = [.. hashes.Values.Select(hash => new UserErased(hash))] }, CancellationToken.None);
        await _applier.WaitForAppliedAsync(appended.DurableOffset, CancellationToken.None);
        foreach (var user in users) Forgotten?.Invoke(user);
        var erased = await _log.EraseUsersAsync(hashes.ContainsKey, appended.DurableOffset, CancellationToken.None);
        await _checkpoints.WriteAsync(onlyThis: true, CancellationToken.None);
        foreach (var hash in hashes.Values) _journal.Finish(ErasureJournal.NameOf(hash));
        CatalogLog.UserErased(_logger, _model, erased.EntriesErased, erased.SegmentsRewritten);
        var left = SalvagedFiles.In(_logDirectory);
        return hashes.ToDictionary(
            hash => hash.Key,
            hash => new ErasureReceipt(
                appended.DurableOffset, ErasureJournal.NameOf(hash.Value), erased.EntriesErased, erased.SegmentsRewritten, left, _time.GetUtcNow()),
            StringComparer.Ordinal);
    }

    private sealed record Request(string UserId)
    {
        public TaskCompletionSource<ErasureReceipt> Receipt { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

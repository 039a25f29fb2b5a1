using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>
/// Takes what deleted items were upserted with out of one stream's files: the segments that hold it are written anew, and a checkpoint replaces the older ones.
/// Any number of threads; the log and the checkpoints do one thing at a time.
/// </summary>
/// <remarks>What a crash or a caller who gives up interrupts is noted: <see cref="PurgeRecovery"/> finishes it at the next start. Repeating the call finishes it as well.</remarks>
internal sealed class ItemPurger(PurgeJournal journal, InteractionLog log, CheckpointWorker checkpoints, string logDirectory, TimeProvider time)
{
    /// <summary>Does it.</summary>
    /// <param name="items">Their ids.</param>
    /// <param name="deleted">The log offset behind their deletion, which is applied: an item that was upserted since keeps what it has.</param>
    /// <param name="cancellationToken">Ends the work; what is rewritten by then stays, and the rest is done at the next start.</param>
    /// <exception cref="LogUnavailableException">The disk refused; it is finished at the next start, or when it is repeated.</exception>
    public async Task<PurgeReceipt> PurgeAsync(IReadOnlySet<string> items, LogOffset deleted, CancellationToken cancellationToken)
    {
        try
        {
            var note = journal.Begin(items, deleted);
            var erased = await log.EraseItemsAsync(items.Contains, deleted, cancellationToken);
            await checkpoints.WriteAsync(onlyThis: true, cancellationToken);
            journal.Finish(note);
            return new PurgeReceipt(erased.EntriesErased, erased.SegmentsRewritten, SalvagedFiles.In(logDirectory), time.GetUtcNow());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogUnavailableException(
                $"The items are deleted, and files still hold their attributes until the daemon starts again or the purge is repeated: {e.Message}", retryMayHelp: true, e);
        }
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>
/// Takes what deleted items were upserted with out of one stream's files: the segments that hold it are written anew, and a checkpoint replaces the older ones.
/// Any number of threads; the log and the checkpoints do one thing at a time.
/// </summary>
/// <remarks>
/// There is no note of what is under way, as there is for users: what a crash interrupts was not acknowledged, the items stay deleted, and repeating the call
/// finishes it.
/// </remarks>
internal sealed class ItemPurger(InteractionLog log, CheckpointWorker checkpoints, string logDirectory, TimeProvider time)
{
    /// <summary>Does it.</summary>
    /// <param name="items">Their ids.</param>
    /// <param name="deleted">The log offset behind their deletion, which is applied: an item that was upserted since keeps what it has.</param>
    /// <param name="cancellationToken">Ends the work; what is rewritten by then stays.</param>
    /// <exception cref="LogUnavailableException">The disk refused; repeat it.</exception>
    public async Task<PurgeReceipt> PurgeAsync(IReadOnlySet<string> items, LogOffset deleted, CancellationToken cancellationToken)
    {
        var erased = await log.EraseItemsAsync(items.Contains, deleted, cancellationToken);
        try
        {
            await checkpoints.WriteAsync(onlyThis: true, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LogUnavailableException($"The items are deleted, and older checkpoints still hold their attributes; repeat the purge: {e.Message}", retryMayHelp: true, e);
        }

        return new PurgeReceipt(erased.EntriesErased, erased.SegmentsRewritten, SalvagedFiles.In(logDirectory), time.GetUtcNow());
    }
}

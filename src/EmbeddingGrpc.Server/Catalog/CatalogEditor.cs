using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>Changes one stream's catalogue: checked, written to the log, durable and in force when a call returns. Any number of threads.</summary>
public sealed class CatalogEditor
{
    private readonly ItemCatalog _catalog;
    private readonly InteractionLog _log;
    private readonly EventApplier _applier;
    private readonly ItemPurger _purger;
    private readonly TimeProvider _time;

    internal CatalogEditor(ItemCatalog catalog, InteractionLog log, EventApplier applier, ItemPurger purger, TimeProvider time) =>
        (_catalog, _log, _applier, _purger, _time) = (catalog, log, applier, purger, time);

    /// <summary>Sets the attributes of items, replacing all that they had. Items that were deleted are there again.</summary>
    /// <returns>The log offset behind the change.</returns>
    /// <exception cref="InvalidCatalogException">An item or attribute is not what it should be, or of another type than at its first use; nothing was changed.</exception>
    /// <exception cref="LogUnavailableException">The disk refused.</exception>
    public async Task<LogOffset> UpsertAsync(IReadOnlyList<CatalogItem> items, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(items);
        ThrowIfAny(CatalogRules.Check(items));
        var records = items.Select(item => new ItemUpserted(item.ItemId, AttributeCodec.Encode(item.Attributes))).ToArray();
        ThrowIfAny(CatalogRules.CheckSizes(records));
        ThrowIfAny(_catalog.Schema.Reserve(items));
        return await AppendAsync(records, cancellationToken);
    }

    /// <summary>Deletes items: none is recalled any more when this returns.</summary>
    /// <param name="itemIds">Also ones of which nothing is known: they are deleted all the same, so that a repeated call is harmless.</param>
    /// <param name="purge">Whether to take their attributes out of the files, too.</param>
    /// <param name="cancellationToken">Ends the wait; what is in the log by then is done all the same.</param>
    /// <exception cref="InvalidCatalogException">An id is not what it should be; nothing was changed.</exception>
    /// <exception cref="LogUnavailableException">The disk refused.</exception>
    public async Task<DeletionReceipt> DeleteAsync(IReadOnlyList<string> itemIds, bool purge, CancellationToken cancellationToken)
    {
        ThrowIfAny(CatalogRules.CheckIds(itemIds));
        var items = itemIds.ToHashSet(StringComparer.Ordinal);
        var offset = await AppendAsync([.. items.Select(itemId => new ItemDeleted(itemId))], cancellationToken);
        var deleted = _time.GetUtcNow();
        return new DeletionReceipt(offset, deleted, purge ? await _purger.PurgeAsync(items, offset, cancellationToken) : null);
    }

    private async Task<LogOffset> AppendAsync(LogRecord[] records, CancellationToken cancellationToken)
    {
        var appended = await _log.AppendAsync(new AppendBatch([]) { Records = records }, cancellationToken);
        await _applier.WaitForAppliedAsync(appended.DurableOffset, cancellationToken);
        return appended.DurableOffset;
    }

    private static void ThrowIfAny(IReadOnlyList<Violation> violations)
    {
        if (violations.Count > 0) throw new InvalidCatalogException(violations);
    }
}

using System.Diagnostics.CodeAnalysis;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>
/// What is known of one stream's items: their attributes, and which were deleted. One writer (the applier); wait-free readers. A deleted item
/// stays deleted, whatever users do with it, until it is upserted again.
/// </summary>
public sealed class ItemCatalog
{
    private readonly ItemKeys _items;
    private readonly ChunkedValues<CatalogEntry?> _entries = new(absent: null);
    private long _count;
    private long _attributeBytes;
    private long _revision;

    /// <summary>An empty catalogue.</summary>
    /// <param name="items">Keys of the stream's items, which the applier gives.</param>
    /// <param name="time">Says how long ago something was deleted.</param>
    public ItemCatalog(ItemKeys items, TimeProvider time) => (_items, Deleted) = (items, new DeletedItems(time));

    /// <summary>Types of the attributes.</summary>
    public AttributeSchema Schema { get; } = new();

    /// <summary>Items that must not be answered.</summary>
    public DeletedItems Deleted { get; }

    /// <summary>Items with an entry: upserted and not deleted since.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>
    /// Rises with every change of any item, once that can be seen: what is read after it has all changes up to it. The same over a restart.
    /// </summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _entries.SizeBytes + Volatile.Read(ref _attributeBytes) + Columns.SizeBytes + Deleted.SizeBytes;

    /// <summary>The attributes as filters ask for them.</summary>
    internal AttributeColumns Columns { get; } = new();

    /// <summary>Finds an item that was upserted and not deleted since.</summary>
    public bool TryGet(string itemId, [NotNullWhen(true)] out CatalogItem? item)
    {
        item = _items.TryGet(itemId, out var key) ? Read(key) : null;
        return item is not null;
    }

    /// <summary>Whether an item was deleted.</summary>
    public bool IsDeleted(string itemId) => _items.TryGet(itemId, out var key) && Deleted.Contains(key);

    /// <summary>Whether anything is known of an item: interactions, attributes, or that it was deleted.</summary>
    public bool Knows(string itemId) => _items.TryGet(itemId, out _);

    /// <summary>Finds an item's key.</summary>
    public bool TryGetKey(string itemId, out ItemKey key) => _items.TryGet(itemId, out key);

    /// <summary>Items that have an attribute now.</summary>
    public int CountOf(string attribute) => Columns.TryGet(attribute, out var column) ? column.Count : 0;

    /// <summary>The items in the order in which the stream first saw them.</summary>
    /// <param name="after">Begin after this item; null for the beginning.</param>
    /// <exception cref="KeyNotFoundException">There never was an item <paramref name="after"/>.</exception>
    public IEnumerable<CatalogItem> List(string? after)
    {
        var key = new ItemKey(-1);
        if (after is not null && !_items.TryGet(after, out key)) throw new KeyNotFoundException(after);
        return Enumerable.Range(key.Value + 1, _items.Count - key.Value - 1).Select(value => Read(new ItemKey(value))).OfType<CatalogItem>();
    }

    /// <summary>Applies one record of the log; one that it has already, as after a checkpoint, changes nothing. Writer only.</summary>
    /// <exception cref="InvalidDataException">The attributes cannot be read: a newer version wrote them.</exception>
    internal void Apply(LogRecord record, LogOffset offset)
    {
        switch (record)
        {
            case ItemUpserted upserted:
                Set(upserted.ItemId, new CatalogEntry(offset.Value + 1, upserted.Attributes));
                break;
            case ItemDeleted deleted:
                Set(deleted.ItemId, new CatalogEntry(offset.Value + 1, Attributes: null));
                break;
        }
    }

    /// <summary>Reads what is kept of a key, for a checkpoint; beside the writer, like any reader.</summary>
    internal CatalogEntry? EntryOf(ItemKey key) => _entries[key.Value];

    /// <summary>Puts back what a checkpoint kept, before anyone reads.</summary>
    internal void Restore(string itemId, CatalogEntry entry)
    {
        var key = _items.GetOrAdd(itemId);
        Store(key, entry, before: null);
        if (entry.IsDeleted) Deleted.Restore(key, entry.Version);
        Changed(entry);
    }

    private void Set(string itemId, CatalogEntry entry)
    {
        var key = _items.GetOrAdd(itemId);
        var before = _entries[key.Value];
        if (before is not null && before.Version >= entry.Version) return;

        // A deleted item is out before its attributes are, and back after them: nobody meets it without.
        if (entry.IsDeleted) Deleted.Add(key, itemId, entry.Version);
        Store(key, entry, before);
        if (!entry.IsDeleted) Deleted.Remove(key, itemId, entry.Version);
        Changed(entry);
    }

    // Last of all: who reads the revision finds what it stands for.
    private void Changed(CatalogEntry entry) => Volatile.Write(ref _revision, Math.Max(_revision, entry.Version));

    private void Store(ItemKey key, CatalogEntry entry, CatalogEntry? before)
    {
        var values = entry.Decode();
        Schema.Learn(values);
        Columns.Set(key, Fitting(values), before is null ? AttributeCodec.None : Fitting(before.Decode()));
        _entries.Set(key.Value, entry);
        Volatile.Write(ref _count, _count + (entry.IsDeleted ? 0 : 1) - (before is { IsDeleted: false } ? 1 : 0));
        Volatile.Write(ref _attributeBytes, _attributeBytes + (entry.Attributes?.Length ?? 0) - (before?.Attributes?.Length ?? 0));
    }

    // The editor lets no other type pass; a log that was put together by hand must not bring the applier down.
    private IReadOnlyDictionary<string, AttributeValue> Fitting(IReadOnlyDictionary<string, AttributeValue> values) =>
        values.All(attribute => Schema.Types[attribute.Key] == attribute.Value.Type)
            ? values
            : values.Where(attribute => Schema.Types[attribute.Key] == attribute.Value.Type).ToDictionary(StringComparer.Ordinal);

    private CatalogItem? Read(ItemKey key) => _entries[key.Value] is { IsDeleted: false } entry ? new CatalogItem(_items.IdOf(key), entry.Decode()) : null;
}

using System.Text;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>The items of one generation: id to ordinal and back, with counts. Ordinals fall with the count. Immutable after construction.</summary>
public sealed class Vocabulary
{
    private readonly IdTable _ids;
    private readonly long[] _counts;

    internal Vocabulary(IdTable ids, long[] counts)
    {
        _ids = ids;
        _counts = counts;
        foreach (long count in counts)
        {
            TotalCount += count;
        }
    }

    /// <summary>Makes a vocabulary of items that are counted already.</summary>
    /// <param name="items">Ids with counts, in the order of ordinals: the counts never rise.</param>
    /// <exception cref="ArgumentException">An id is empty or there twice, or a count is above the one before it or below one.</exception>
    public static Vocabulary Create(IEnumerable<(string ItemId, long Count)> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        var ids = new IdTable();
        var counts = new List<long>();
        foreach (var (itemId, count) in items)
        {
            ArgumentException.ThrowIfNullOrEmpty(itemId, nameof(items));
            if (ids.Intern(itemId) != counts.Count)
            {
                throw new ArgumentException($"Item '{itemId}' is there twice.", nameof(items));
            }

            if (count < 1 || (counts.Count > 0 && count > counts[^1]))
            {
                throw new ArgumentException($"The count {count} of item '{itemId}' is below one or above that of the item before it.", nameof(items));
            }

            counts.Add(count);
        }

        return new Vocabulary(ids, [.. counts]);
    }

    /// <summary>Number of items.</summary>
    public int Count => _counts.Length;

    /// <summary>Sum of all counts.</summary>
    public long TotalCount { get; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _ids.SizeBytes + ((long)_counts.Length * sizeof(long));

    internal ReadOnlySpan<long> Counts => _counts;

    /// <summary>Finds an item's ordinal.</summary>
    public bool TryGetOrdinal(string itemId, out ItemOrdinal ordinal)
    {
        ArgumentNullException.ThrowIfNull(itemId);
        bool found = _ids.TryGet(itemId, out int number);
        ordinal = new ItemOrdinal(number);
        return found;
    }

    /// <summary>Finds an item's ordinal by its id in UTF-8.</summary>
    public bool TryGetOrdinal(ReadOnlySpan<byte> itemId, out ItemOrdinal ordinal)
    {
        bool found = _ids.TryGet(itemId, out int number);
        ordinal = new ItemOrdinal(number);
        return found;
    }

    /// <summary>The id of an item.</summary>
    public string IdOf(ItemOrdinal item) => Encoding.UTF8.GetString(_ids[item.Value]);

    /// <summary>The id of an item, in UTF-8.</summary>
    public ReadOnlySpan<byte> Utf8IdOf(ItemOrdinal item) => _ids[item.Value];

    /// <summary>The ids of many items will be read: their waits for memory overlap.</summary>
    /// <remarks>Two rounds, because where a long id lies must be read before it can be said which memory is wanted.</remarks>
    public void WillReadIds(ReadOnlySpan<ItemOrdinal> items)
    {
        foreach (var item in items) _ids.WillFind(item.Value);
        foreach (var item in items) _ids.WillRead(item.Value);
    }

    /// <summary>Interactions with an item in the training data.</summary>
    public long CountOf(ItemOrdinal item) => _counts[item.Value];

    /// <summary>Writes the vocabulary with magic, version and checksum.</summary>
    public void Save(Stream destination) => VocabularyFile.Write(this, destination);

    /// <summary>Reads a vocabulary written by <see cref="Save"/>.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or its checksum does not match; says which.</exception>
    public static Vocabulary Load(string path) => VocabularyFile.Read(path);
}

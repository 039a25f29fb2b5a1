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

    /// <summary>Interactions with an item in the training data.</summary>
    public long CountOf(ItemOrdinal item) => _counts[item.Value];

    /// <summary>Writes the vocabulary with magic, version and checksum.</summary>
    public void Save(Stream destination) => VocabularyFile.Write(this, destination);

    /// <summary>Reads a vocabulary written by <see cref="Save"/>.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or its checksum does not match; says which.</exception>
    public static Vocabulary Load(string path) => VocabularyFile.Read(path);
}

using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>The items of one generation: id to ordinal and back, with counts. Ordinals fall with the count. Immutable after construction.</summary>
public sealed class Vocabulary
{
    /// <summary>Number of items.</summary>
    public int Count => throw new NotImplementedException();

    /// <summary>Sum of all counts.</summary>
    public long TotalCount => throw new NotImplementedException();

    /// <summary>Finds an item's ordinal.</summary>
    public bool TryGetOrdinal(string itemId, out ItemOrdinal ordinal) => throw new NotImplementedException();

    /// <summary>The id of an item.</summary>
    public string IdOf(ItemOrdinal item) => throw new NotImplementedException();

    /// <summary>Interactions with an item in the training data.</summary>
    public long CountOf(ItemOrdinal item) => throw new NotImplementedException();

    /// <summary>Writes the vocabulary with magic, version and checksum.</summary>
    public void Save(Stream destination) => throw new NotImplementedException();

    /// <summary>Reads a vocabulary written by <see cref="Save"/>.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or its checksum does not match; says which.</exception>
    public static Vocabulary Load(string path) => throw new NotImplementedException();
}

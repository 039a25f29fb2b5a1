using System.Diagnostics.CodeAnalysis;

namespace EmbeddingGrpc.Server.Models.Exchange;

/// <summary>Vectors as they were read, in the order of the file. One writer, then readers.</summary>
public sealed class ImportedVectors
{
    private const int ChunkRows = 4096;

    private readonly Dictionary<string, int> _rows = new(StringComparer.Ordinal);
    private readonly List<string> _ids = [];
    private readonly List<float[]> _chunks = [];

    internal ImportedVectors(int dimension) => Dimension = dimension;

    /// <summary>Floats of a vector.</summary>
    public int Dimension { get; }

    /// <summary>Items.</summary>
    public int Count => _ids.Count;

    /// <summary>The ids, in the order of the rows.</summary>
    public IReadOnlyList<string> Ids => _ids;

    /// <summary>The values of one row, [dimension].</summary>
    public ReadOnlySpan<float> this[int row] => _chunks[row / ChunkRows].AsSpan(row % ChunkRows * Dimension, Dimension);

    /// <summary>Finds an item's row.</summary>
    public bool TryGetRow(string itemId, out int row) => _rows.TryGetValue(itemId, out row);

    /// <summary>Adds an item and gives its row to fill. False where the id is there already.</summary>
    /// <remarks>Memory grows with what arrives, not with what a first line promises.</remarks>
    internal bool TryAdd(string itemId, [NotNullWhen(true)] out Memory<float>? values)
    {
        values = null;
        if (!_rows.TryAdd(itemId, _ids.Count)) return false;
        var row = _ids.Count;
        _ids.Add(itemId);
        if (row % ChunkRows == 0) _chunks.Add(new float[ChunkRows * Dimension]);
        values = _chunks[^1].AsMemory(row % ChunkRows * Dimension, Dimension);
        return true;
    }
}

using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>Rows of floats in native memory that only grow in number. One writer, wait-free readers of the rows that they were told of.</summary>
internal sealed class AppendOnlyRows(int dimension) : IDisposable
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private EmbeddingMatrix[] _chunks = [];
    private int _count;

    /// <summary>Native memory held, in bytes.</summary>
    public long SizeBytes => Volatile.Read(ref _chunks).Sum(chunk => chunk.SizeBytes);

    /// <summary>A row that was added, [dimension].</summary>
    public ReadOnlySpan<float> this[int row] => Volatile.Read(ref _chunks)[row >> ChunkBits][new ItemOrdinal(row & (ChunkSize - 1))];

    /// <summary>Copies a row in. Writer only; readers are told of it by other means, after this.</summary>
    public void Add(ReadOnlySpan<float> values)
    {
        if (_count >> ChunkBits == _chunks.Length) Volatile.Write(ref _chunks, [.. _chunks, new EmbeddingMatrix(ChunkSize, dimension)]);
        values.CopyTo(_chunks[_count >> ChunkBits][new ItemOrdinal(_count & (ChunkSize - 1))]);
        _count++;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var chunk in _chunks) chunk.Dispose();
    }
}

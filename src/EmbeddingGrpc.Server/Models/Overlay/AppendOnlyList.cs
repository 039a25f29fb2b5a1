namespace EmbeddingGrpc.Server.Models.Overlay;

/// <summary>A list that only grows. One writer, wait-free readers: an element is in its place before <see cref="Count"/> tells of it.</summary>
internal sealed class AppendOnlyList<T>
{
    private const int ChunkBits = 10;
    private const int ChunkSize = 1 << ChunkBits;

    private T[][] _chunks = [];
    private int _count;

    /// <summary>Elements in place.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>An element below <see cref="Count"/>. Its place never moves.</summary>
    public ref T this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return ref Volatile.Read(ref _chunks)[index >> ChunkBits][index & (ChunkSize - 1)];
        }
    }

    /// <summary>Adds an element and returns its index. Writer only.</summary>
    public int Add(T element)
    {
        var index = _count;
        if (index >> ChunkBits == _chunks.Length) Volatile.Write(ref _chunks, [.. _chunks, new T[ChunkSize]]);
        _chunks[index >> ChunkBits][index & (ChunkSize - 1)] = element;
        Volatile.Write(ref _count, index + 1);
        return index;
    }
}

namespace EmbeddingGrpc.Server.Catalog.Columns;

/// <summary>One value for each item key, in chunks that are made when something is stored in them. One writer, wait-free readers.</summary>
/// <param name="absent">Stands for no value. Values are references, or at most 8 bytes, so that a store is seen whole.</param>
internal sealed class ChunkedValues<T>(T absent)
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;

    private T[]?[] _chunks = [];
    private int _made;

    /// <summary>Memory held, in bytes, without what references point to.</summary>
    public long SizeBytes =>
        ((long)Volatile.Read(ref _chunks).Length * IntPtr.Size) + ((long)Volatile.Read(ref _made) * ChunkSize * System.Runtime.CompilerServices.Unsafe.SizeOf<T>());

    /// <summary>The value at an index.</summary>
    public T this[int index]
    {
        get
        {
            var chunks = Volatile.Read(ref _chunks);
            var chunk = index >> ChunkBits;
            return (uint)chunk < (uint)chunks.Length && Volatile.Read(ref chunks[chunk]) is { } values ? values[index & (ChunkSize - 1)] : absent;
        }
    }

    /// <summary>Shows all values that were ever stored to a visitor, in the order of their indices.</summary>
    /// <returns>False where it wanted to see no more.</returns>
    public bool Visit<TVisitor>(TVisitor visitor)
        where TVisitor : struct, IValueVisitor<T>
    {
        var chunks = Volatile.Read(ref _chunks);
        for (var chunk = 0; chunk < chunks.Length; chunk++)
        {
            if (Volatile.Read(ref chunks[chunk]) is not { } values) continue;
            for (var i = 0; i < values.Length; i++)
                if (!visitor.Visit((chunk << ChunkBits) + i, values[i]))
                    return false;
        }

        return true;
    }

    /// <summary>Stores a value. Writer only.</summary>
    public void Set(int index, T value)
    {
        var chunk = index >> ChunkBits;
        if (chunk >= _chunks.Length)
        {
            var longer = new T[]?[Math.Max(chunk + 1, _chunks.Length * 2)];
            _chunks.CopyTo(longer, 0);
            Volatile.Write(ref _chunks, longer);
        }

        if (_chunks[chunk] is not { } values)
        {
            values = new T[ChunkSize];
            Array.Fill(values, absent);
            Volatile.Write(ref _chunks[chunk], values);
            Volatile.Write(ref _made, _made + 1);
        }

        values[index & (ChunkSize - 1)] = value;
    }
}

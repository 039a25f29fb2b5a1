namespace EmbeddingGrpc.Indexing.Lsh;

/// <summary>Items by hash: one array sorted by bucket, and where each bucket begins. Immutable after construction.</summary>
internal sealed class HashTable
{
    private readonly int[] _starts;
    private readonly int[] _items;

    /// <summary>Sorts items by counting.</summary>
    /// <param name="bits">Bits of a hash.</param>
    /// <param name="count">Items.</param>
    /// <param name="hashOf">The hash of an item.</param>
    public HashTable(int bits, int count, Func<int, uint> hashOf)
    {
        _starts = new int[(1 << bits) + 1];
        _items = new int[count];
        for (var item = 0; item < count; item++) _starts[hashOf(item) + 1]++;
        for (var bucket = 1; bucket < _starts.Length; bucket++) _starts[bucket] += _starts[bucket - 1];
        var next = _starts.AsSpan(0, 1 << bits).ToArray();
        for (var item = 0; item < count; item++) _items[next[hashOf(item)]++] = item;
    }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => (long)(_starts.Length + _items.Length) * sizeof(int);

    /// <summary>The items of a hash.</summary>
    public ReadOnlySpan<int> Bucket(uint hash) => _items.AsSpan(_starts[hash], _starts[hash + 1] - _starts[hash]);
}

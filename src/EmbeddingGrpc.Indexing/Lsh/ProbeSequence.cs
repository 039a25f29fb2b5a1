namespace EmbeddingGrpc.Indexing.Lsh;

/// <summary>
/// The buckets of one table in the order in which they likely hold a query's neighbours: its own, then those where one bit differs, then
/// where two do. The bits that differ are those whose projections came nearest to the other side.
/// </summary>
internal readonly struct ProbeSequence(int bits)
{
    /// <summary>Buckets that there are in the sequence.</summary>
    public int Count => 1 + bits + (bits * (bits - 1) / 2);

    /// <summary>The bucket at a place.</summary>
    /// <param name="margins">[bits] projections of the query.</param>
    /// <param name="place">0 for its own bucket.</param>
    public uint Bucket(ReadOnlySpan<float> margins, int place)
    {
        var hash = SignHash.Bits(margins);
        if (place == 0) return hash;
        Span<int> order = stackalloc int[bits];
        Span<float> sizes = stackalloc float[bits];
        for (var i = 0; i < bits; i++) (order[i], sizes[i]) = (i, Math.Abs(margins[i]));
        sizes.Sort(order);
        if (place <= bits) return hash ^ (1u << order[place - 1]);
        var (first, second, pair) = (0, 1, place - bits - 1);
        // Pairs by their second bit: (0,1), (0,2), (1,2), (0,3) ...
        while (pair >= second)
        {
            pair -= second;
            second++;
        }
        first = pair;
        return hash ^ (1u << order[first]) ^ (1u << order[second]);
    }
}

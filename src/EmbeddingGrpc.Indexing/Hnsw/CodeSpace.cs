using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Distances between the 8-bit codes that a graph is built with. Of one thread; points into its scratch.</summary>
internal unsafe struct CodeSpace<TKeys>(FineCodec codec, CodeRows codes, sbyte* values) : IDistanceSpace
    where TKeys : struct, IWalkKeys
{
    private QueryCode _center;
    private float _halfNorm;

    /// <inheritdoc/>
    public void Center(int item)
    {
        var row = codes.Row(item);
        _center = codec.CodesAsQuery(row, values);
        _halfNorm = codec.HalfSquaredNorm(row);
    }

    /// <inheritdoc/>
    public readonly void Measure(uint* items, int count, float* distances)
    {
        // Keys and distances are of one size: the first are computed where the second belong.
        var keys = (int*)distances;
        TKeys.Compute(codes.Pointer, items, count, _center, keys);
        for (var i = 0; i < count; i++) distances[i] = TKeys.Distance(keys[i], _center) + _halfNorm;
    }
}

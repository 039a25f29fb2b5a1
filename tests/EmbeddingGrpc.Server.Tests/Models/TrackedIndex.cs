using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Tests.Models;

/// <summary>An index that finds nothing and knows whether it was freed.</summary>
internal sealed class TrackedIndex(VectorTable vectors, SimilarityMetric metric) : IVectorIndex
{
    private int _disposals;

    public int Disposals => Volatile.Read(ref _disposals);

    public int Count => vectors.Rows;

    public int Dimension => vectors.Dimension;

    public SimilarityMetric Metric => metric;

    public long SizeBytes => 0;

    public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default) => 0;

    public void Dispose() => Interlocked.Increment(ref _disposals);
}

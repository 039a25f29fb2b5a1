using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Memory;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Exact distances between float rows, for linking the few items that come after the build. Cosine measures between directions; dot product
/// between rows brought to one length, as <see cref="Quantization.FineCodec"/> does.
/// </summary>
/// <param name="rows">The rows.</param>
/// <param name="metric">What near means.</param>
/// <param name="radius">That length.</param>
internal unsafe struct RowSpace(VectorRows rows, SimilarityMetric metric, float radius) : IDistanceSpace
{
    private float* _center;
    private float _inverseNorm;
    private float _missing;

    /// <inheritdoc/>
    public void Center(int item)
    {
        _center = rows.Row(item);
        var squaredNorm = FloatKernels.Dot(_center, _center, rows.Stride);
        _inverseNorm = squaredNorm > 0 ? 1 / MathF.Sqrt(squaredNorm) : 0;
        _missing = Missing(squaredNorm);
    }

    /// <inheritdoc/>
    public readonly void Measure(uint* items, int count, float* distances)
    {
        for (var i = 0; i < count; i++)
        {
            var row = rows.Row((int)items[i]);
            if (metric == SimilarityMetric.Euclidean)
            {
                distances[i] = FloatKernels.SquaredDistance(_center, row, rows.Stride) / 2;
                continue;
            }
            var product = FloatKernels.DotAndSquaredNorm(_center, row, rows.Stride, out var squaredNorm);
            distances[i] = metric == SimilarityMetric.DotProduct
                ? -(product + (_missing * Missing(squaredNorm)))
                : squaredNorm > 0 ? -product * _inverseNorm / MathF.Sqrt(squaredNorm) : 0;
        }
    }

    private readonly float Missing(float squaredNorm) =>
        metric == SimilarityMetric.DotProduct ? MathF.Sqrt(Math.Max(0, (radius * radius) - squaredNorm)) : 0;
}

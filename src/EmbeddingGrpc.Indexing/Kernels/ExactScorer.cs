using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>Exact scores of float rows against one query. Points to the query in the scratch of a search.</summary>
internal readonly unsafe ref struct ExactScorer
{
    private readonly float* _query;
    private readonly int _stride;
    private readonly SimilarityMetric _metric;
    private readonly float _inverseNorm;

    /// <summary>Prepares a query.</summary>
    /// <param name="metric">What near means.</param>
    /// <param name="query">[stride], 64-byte aligned, the padding zero.</param>
    /// <param name="stride">Floats of a padded row.</param>
    public ExactScorer(SimilarityMetric metric, float* query, int stride)
    {
        _metric = metric;
        _query = query;
        _stride = stride;
        if (metric == SimilarityMetric.Cosine)
        {
            var squaredNorm = FloatKernels.Dot(query, query, stride);
            _inverseNorm = squaredNorm > 0 ? 1 / MathF.Sqrt(squaredNorm) : 0;
        }
    }

    /// <summary>The score of a row: higher is nearer.</summary>
    /// <remarks>
    /// The norm of a row is computed with its product: the scan waits for memory, so that it costs nothing, and keeping the norms would cost
    /// memory and one more cache miss a row.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float Score(float* row)
    {
        switch (_metric)
        {
            case SimilarityMetric.Cosine:
                var product = FloatKernels.DotAndSquaredNorm(_query, row, _stride, out var squaredNorm);
                return squaredNorm > 0 ? Math.Clamp(product * _inverseNorm / MathF.Sqrt(squaredNorm), -1f, 1f) : 0;
            case SimilarityMetric.DotProduct:
                return FloatKernels.Dot(_query, row, _stride);
            default:
                return -MathF.Sqrt(FloatKernels.SquaredDistance(_query, row, _stride));
        }
    }
}

using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>Scores in double precision, written as the definitions read.</summary>
internal static class Oracle
{
    public static double Score(SimilarityMetric metric, float[] query, float[] row)
    {
        var product = query.Zip(row, (a, b) => (double)a * b).Sum();
        return metric switch
        {
            SimilarityMetric.DotProduct => product,
            SimilarityMetric.Euclidean => -Math.Sqrt(query.Zip(row, (a, b) => ((double)a - b) * ((double)a - b)).Sum()),
            _ => Norm(query) * Norm(row) is var norms && norms > 0 ? product / norms : 0,
        };
    }

    /// <summary>Scores of the k nearest accepted rows, best first.</summary>
    public static double[] BestScores(SimilarityMetric metric, float[] query, IReadOnlyList<float[]> rows, int k, Func<int, bool>? accepts = null) =>
        [.. rows.Where((_, i) => accepts is null || accepts(i)).Select(row => Score(metric, query, row)).OrderDescending().Take(k)];

    /// <summary>Share of the true k nearest that were found; a row as near as the last of them counts, whichever it is.</summary>
    public static double Recall(
        SimilarityMetric metric, float[] query, IReadOnlyList<float[]> rows, ReadOnlySpan<Neighbor> found, int k, Func<int, bool>? accepts = null, double tolerance = 1e-5)
    {
        var best = BestScores(metric, query, rows, k, accepts);
        if (best.Length == 0) return found.Length == 0 ? 1 : 0;
        var limit = best[^1] - (tolerance * Math.Max(1, Math.Abs(best[^1])));
        var hits = 0;
        foreach (var neighbor in found)
        {
            if (Score(metric, query, rows[neighbor.Item.Value]) >= limit) hits++;
        }
        return Math.Min(1, hits / (double)best.Length);
    }

    public static double Tolerance(double score) => 1e-5 * Math.Max(1, Math.Abs(score));

    private static double Norm(float[] vector) => Math.Sqrt(vector.Sum(x => (double)x * x));
}

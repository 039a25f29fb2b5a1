using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Tests;

/// <summary>Tables and queries for tests, from a seed.</summary>
internal static class TestVectors
{
    /// <summary>A table of the given rows.</summary>
    public static VectorTable Table(IReadOnlyList<float[]> rows, int dimension)
    {
        var matrix = new EmbeddingMatrix(rows.Count, dimension);
        for (var i = 0; i < rows.Count; i++) rows[i].CopyTo(matrix[new ItemOrdinal(i)]);
        return VectorTable.FromMatrix(matrix);
    }

    /// <summary>Normal values around centers, as embeddings lie: near ones are much nearer than others.</summary>
    public static List<float[]> Clustered(int count, int dimension, int seed, int clusters = 20, double spread = 0.6)
    {
        var random = new Random(seed);
        var centers = Enumerable.Range(0, clusters).Select(_ => Normal(random, dimension, 1)).ToArray();
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var center = centers[random.Next(clusters)];
            var row = Normal(random, dimension, spread);
            var scale = (float)Math.Exp(random.NextDouble() - 0.5);
            for (var i = 0; i < dimension; i++) row[i] = (row[i] + center[i]) * scale;
            return row;
        })];
    }

    /// <summary>Rows of which many are equal or zero.</summary>
    public static List<float[]> WithDuplicatesAndZeros(int count, int dimension, int seed)
    {
        var random = new Random(seed);
        var rows = Clustered(count, dimension, seed);
        for (var i = 0; i < count; i++)
        {
            if (random.Next(4) == 0) rows[i] = new float[dimension];
            else if (i > 0 && random.Next(2) == 0) rows[i] = [.. rows[random.Next(i)]];
        }
        return rows;
    }

    private static float[] Normal(Random random, int dimension, double scale)
    {
        var row = new float[dimension];
        for (var i = 0; i < dimension; i++)
        {
            row[i] = (float)(scale * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        return row;
    }
}

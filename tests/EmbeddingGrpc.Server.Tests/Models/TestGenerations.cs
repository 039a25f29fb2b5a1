using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Models;

/// <summary>Generations in memory, from made-up vectors.</summary>
internal static class TestGenerations
{
    /// <summary>A vocabulary of these items; the first is the most frequent, so that ordinals are positions.</summary>
    public static Vocabulary VocabularyOf(params IReadOnlyList<string> items)
    {
        var sessions = new SessionBuilder(TimeSpan.FromDays(1));
        for (var item = 0; item < items.Count; item++)
        {
            for (var time = 0; time < items.Count - item; time++) sessions.Add("user", items[item], time);
        }

        return sessions.Build(minimumCount: 1, TestContext.Current.CancellationToken).Vocabulary;
    }

    /// <summary>Seeded vectors, [rows, dimension], in -1..1.</summary>
    public static VectorTable Vectors(int rows, int dimension, int seed)
    {
        var random = new Random(seed);
        var matrix = new EmbeddingMatrix(rows, dimension);
        for (var row = 0; row < rows; row++)
        {
            foreach (ref var value in matrix[new ItemOrdinal(row)]) value = (random.NextSingle() * 2) - 1;
        }

        return VectorTable.FromMatrix(matrix);
    }

    /// <summary>Parts over seeded vectors that are not searched, unless <paramref name="index"/> makes something that is.</summary>
    public static GenerationParts Parts(
        int items = 5, int dimension = 8, int seed = 1, long number = 1, Func<VectorTable, SimilarityMetric, IVectorIndex>? index = null)
    {
        index ??= (vectors, metric) => new TrackedIndex(vectors, metric);
        var input = Vectors(items, dimension, seed);
        var output = Vectors(items, dimension, seed + 1);
        return new GenerationParts
        {
            Number = number,
            CreateTime = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            TrainedOffset = new LogOffset(1000 + number),
            Vocabulary = VocabularyOf([.. Enumerable.Range(0, items).Select(item => $"item-{item}")]),
            Input = input,
            Output = output,
            Similar = index(input, SimilarityMetric.Cosine),
            Next = index(output, SimilarityMetric.DotProduct),
            Metrics = new Dictionary<string, double> { [GenerationMetrics.TrainingLoss] = 0.25, [GenerationMetrics.SimilarRecallAt10] = 1 },
        };
    }
}

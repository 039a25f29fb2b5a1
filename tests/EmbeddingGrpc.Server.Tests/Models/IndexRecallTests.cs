using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class IndexRecallTests
{
    [Fact]
    public void Measure_ExactSearch_IsOne()
    {
        using var vectors = TestGenerations.Vectors(100, 8, seed: 1);
        using var index = new ExactIndex(vectors, SimilarityMetric.Cosine);

        Assert.Equal(1, IndexRecall.Measure(index, vectors, vectors, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(SimilarityMetric.Cosine)]
    [InlineData(SimilarityMetric.DotProduct)]
    public void Measure_IndexThatFindsHalf_IsOneHalf(SimilarityMetric metric)
    {
        using var vectors = TestGenerations.Vectors(500, 16, seed: 1);
        using var queries = TestGenerations.Vectors(500, 16, seed: 2);
        using var index = new HalfIndex(vectors, metric);

        Assert.Equal(0.5, IndexRecall.Measure(index, vectors, queries, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Measure_ManyEqualVectors_AnyOfThemIsRight()
    {
        using var matrix = new EmbeddingMatrix(50, 4);
        for (var row = 0; row < 50; row++) matrix[new ItemOrdinal(row)].Fill(1);
        var vectors = VectorTable.FromMatrix(matrix);
        using var index = new LastRows(vectors);

        Assert.Equal(1, IndexRecall.Measure(index, vectors, vectors, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Measure_FewerItemsThanTen_CountsWhatThereIs()
    {
        using var vectors = TestGenerations.Vectors(4, 8, seed: 1);
        using var index = new HalfIndex(vectors, SimilarityMetric.Cosine);

        Assert.Equal(0.5, IndexRecall.Measure(index, vectors, vectors, TestContext.Current.CancellationToken));
    }

    /// <summary>Finds every second of the right answers.</summary>
    private sealed class HalfIndex(VectorTable vectors, SimilarityMetric metric) : IVectorIndex
    {
        private readonly ExactIndex _exact = new(vectors, metric);

        public int Count => _exact.Count;

        public int Dimension => _exact.Dimension;

        public SimilarityMetric Metric => _exact.Metric;

        public long SizeBytes => 0;

        public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
        {
            var found = _exact.Search(query, parameters, results, cancellationToken);
            for (var at = 0; at < found / 2; at++) results[at] = results[at * 2];
            return found / 2;
        }

        public void Dispose() => _exact.Dispose();
    }

    /// <summary>Answers the last rows, whatever is asked.</summary>
    private sealed class LastRows(VectorTable vectors) : IVectorIndex
    {
        public int Count => vectors.Rows;

        public int Dimension => vectors.Dimension;

        public SimilarityMetric Metric => SimilarityMetric.Cosine;

        public long SizeBytes => 0;

        public int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
        {
            for (var at = 0; at < parameters.Count; at++) results[at] = new Neighbor(new ItemOrdinal(Count - 1 - at), 1);
            return parameters.Count;
        }

        public void Dispose()
        {
        }
    }
}

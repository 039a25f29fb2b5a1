using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class SimilaritySpaceTests
{
    private const int Dimension = 16;

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Build_AnyShrinkage_GivesUnitRowsWithDoubtThatFallsWithTheCount(double shrinkage)
    {
        var vocabulary = VocabularyOf(100, 10, 3, 1);
        using var input = Random(4, seed: 1);
        using var output = Random(4, seed: 2);

        using var similarity = SimilaritySpace.Build(input, output, vocabulary, shrinkage);

        for (var i = 0; i < 4; i++)
        {
            var row = similarity[new ItemOrdinal(i)];
            var count = vocabulary.CountOf(new ItemOrdinal(i));
            Assert.Equal(1, TensorPrimitives.Norm(row), 1e-5);
            Assert.Equal(Math.Sqrt(1 - Math.Pow(count / (count + shrinkage), 2)), row[^1], 1e-5);
        }
    }

    [Fact]
    public void Build_Cosines_AreThoseOfUnitSumsWithoutTheMeanTimesBelief()
    {
        const double Shrinkage = 3;
        var vocabulary = VocabularyOf(50, 20, 7, 2, 1);
        using var input = Random(5, seed: 3);
        using var output = Random(5, seed: 4);

        using var similarity = SimilaritySpace.Build(input, output, vocabulary, Shrinkage);

        var oracle = Oracle(input, output, vocabulary);
        for (var query = 0; query < 5; query++)
        {
            var q = similarity[new ItemOrdinal(query)].ToArray();
            SimilaritySpace.ClearDoubt(q);
            for (var item = 0; item < 5; item++)
            {
                var belief = vocabulary.CountOf(new ItemOrdinal(item)) / (vocabulary.CountOf(new ItemOrdinal(item)) + Shrinkage);
                var expected = belief * oracle[query].Zip(oracle[item], (a, b) => a * b).Sum();
                Assert.Equal(expected, TensorPrimitives.CosineSimilarity(q, similarity[new ItemOrdinal(item)]), 1e-4);
            }
        }
    }

    [Fact]
    public void Build_RowAsQuery_FindsItselfFirst()
    {
        var vocabulary = VocabularyOf([.. Enumerable.Range(1, 60).Reverse()]);
        using var input = Random(60, seed: 5);
        using var output = Random(60, seed: 6);

        using var similarity = SimilaritySpace.Build(input, output, vocabulary, shrinkage: 3);

        for (var query = 0; query < 60; query++)
        {
            var row = similarity[new ItemOrdinal(query)].ToArray();
            var best = Enumerable.Range(0, 60).MaxBy(item => TensorPrimitives.Dot<float>(row, similarity[new ItemOrdinal(item)]));
            Assert.Equal(query, best);
        }
    }

    [Fact]
    public void Build_ZeroRow_IsAllDoubt()
    {
        var vocabulary = VocabularyOf(5, 4);
        using var input = Random(2, seed: 7);
        using var output = Random(2, seed: 8);
        input[new ItemOrdinal(1)].Clear();
        output[new ItemOrdinal(1)].Clear();

        using var similarity = SimilaritySpace.Build(input, output, vocabulary, shrinkage: 3);

        Assert.Equal([.. new float[Dimension - 1], 1f], similarity[new ItemOrdinal(1)].ToArray());
    }

    [Fact]
    public void Build_ShapesThatDisagree_AreRefused()
    {
        using var two = Random(2, seed: 1);
        using var three = Random(3, seed: 1);

        Assert.Throws<ArgumentException>(() => SimilaritySpace.Build(two, three, VocabularyOf(2, 1), shrinkage: 3));
        Assert.Throws<ArgumentException>(() => SimilaritySpace.Build(three, three, VocabularyOf(2, 1), shrinkage: 3));
    }

    private static double[][] Oracle(EmbeddingMatrix input, EmbeddingMatrix output, Vocabulary vocabulary)
    {
        var sums = Enumerable.Range(0, input.Rows).Select(i => Unit([.. Unit(Row(input, i)).Zip(Unit(Row(output, i)), (a, b) => a + b)])).ToArray();
        var mean = Unit([.. Enumerable.Range(0, Dimension).Select(d => sums.Select((row, i) => row[d] * vocabulary.CountOf(new ItemOrdinal(i))).Sum())]);
        return [.. sums.Select(row =>
        {
            var along = row.Zip(mean, (a, b) => a * b).Sum();
            return Unit([.. row.Zip(mean, (a, b) => a - (along * b))]);
        })];
    }

    private static double[] Row(EmbeddingMatrix matrix, int row) => [.. matrix[new ItemOrdinal(row)].ToArray().Select(value => (double)value)];

    private static double[] Unit(double[] row)
    {
        var length = Math.Sqrt(row.Sum(value => value * value));
        return [.. row.Select(value => value / length)];
    }

    private static EmbeddingMatrix Random(int rows, int seed)
    {
        var random = new Random(seed);
        var matrix = new EmbeddingMatrix(rows, Dimension);
        for (var row = 0; row < rows; row++)
        {
            foreach (ref var value in matrix[new ItemOrdinal(row)]) value = (float)(random.NextDouble() - 0.3);
        }

        return matrix;
    }

    private static Vocabulary VocabularyOf(params int[] counts)
    {
        var sessions = new SessionBuilder(TimeSpan.FromDays(1));
        for (var item = 0; item < counts.Length; item++)
        {
            for (var time = 0; time < counts[item]; time++) sessions.Add("user", $"item-{item:000}", time);
        }

        return sessions.Build(minimumCount: 1, TestContext.Current.CancellationToken).Vocabulary;
    }
}

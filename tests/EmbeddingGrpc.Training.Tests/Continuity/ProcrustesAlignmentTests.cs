using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class ProcrustesAlignmentTests
{
    private const int Dimension = 6;

    [Fact]
    public void Fit_RotatedCopy_FindsTheRotationBack()
    {
        var vocabulary = Items(40, "i");
        using var earlier = VectorTable.FromMatrix(Random(40, seed: 1));
        using var fresh = Random(40, seed: 1);
        // A rotation in two planes and a reflection.
        for (int row = 0; row < fresh.Rows; row++)
        {
            var v = fresh[new ItemOrdinal(row)];
            (v[0], v[3]) = ((0.6f * v[0]) - (0.8f * v[3]), (0.8f * v[0]) + (0.6f * v[3]));
            (v[1], v[2]) = (v[2], v[1]);
        }

        var alignment = ProcrustesAlignment.Fit(vocabulary, fresh, vocabulary, earlier);
        alignment.Apply(fresh);
        Assert.Equal(40, alignment.SharedItems);
        for (int row = 0; row < fresh.Rows; row++)
        {
            Assert.Equal(earlier[new ItemOrdinal(row)].ToArray(), fresh[new ItemOrdinal(row)].ToArray(), Near);
        }
    }

    [Fact]
    public void Apply_AnyMatrix_KeepsEveryProduct()
    {
        var vocabulary = Items(40, "i");
        using var earlier = VectorTable.FromMatrix(Random(40, seed: 1));
        using var fresh = Random(40, seed: 2);
        using var output = Random(40, seed: 3);
        float before = Dot(fresh, 4, output, 9);
        var alignment = ProcrustesAlignment.Fit(vocabulary, fresh, vocabulary, earlier);
        alignment.Apply(fresh);
        alignment.Apply(output);
        Assert.Equal(before, Dot(fresh, 4, output, 9), 1e-5);
    }

    [Fact]
    public void Fit_PartlySharedItems_UsesThoseAlone()
    {
        using var earlier = VectorTable.FromMatrix(Random(40, seed: 1));
        using var fresh = Random(30, seed: 2);
        // i0..i29 against i20..i59, numbered by bytes: what is shared is i20..i29.
        var alignment = ProcrustesAlignment.Fit(Items(30, "i"), fresh, Items(40, "i", from: 20), earlier);
        Assert.Equal(10, alignment.SharedItems);
    }

    [Fact]
    public void Fit_NothingShared_SaysSo()
    {
        using var earlier = VectorTable.FromMatrix(Random(4, seed: 1));
        using var fresh = Random(4, seed: 2);
        var error = Assert.Throws<ArgumentException>(() => ProcrustesAlignment.Fit(Items(4, "i"), fresh, Items(4, "j"), earlier));
        Assert.Contains("No item is in both", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_MatrixThatIsNotTheVocabularys_SaysSo()
    {
        using var earlier = VectorTable.FromMatrix(Random(4, seed: 1));
        using var fresh = Random(4, seed: 2);
        Assert.Throws<ArgumentException>(() => ProcrustesAlignment.Fit(Items(5, "i"), fresh, Items(4, "i"), earlier));
        using var other = new EmbeddingMatrix(4, Dimension + 1);
        Assert.Throws<ArgumentException>(() => ProcrustesAlignment.Fit(Items(4, "i"), other, Items(4, "i"), earlier));
        Assert.Throws<ArgumentException>(() => ProcrustesAlignment.Fit(Items(4, "i"), fresh, Items(4, "i"), earlier).Apply(other));
    }

    [Fact]
    public void Fit_TwoTrainingsOfTheSameCorpus_BringsItemsBackToTheirPlaces()
    {
        var corpus = TestCorpus.Clusters(6, 20, 1500, 10);
        var options = new TrainingOptions { Dimension = 16, Epochs = 10, Threads = 1 };
        using var first = EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);
        using var second = EmbeddingTrainer.Train(corpus, options with { Seed = 7 }, cancellationToken: TestContext.Current.CancellationToken);
        using var earlier = VectorTable.FromMatrix(first.Vectors(VectorSource.Input));
        Assert.InRange(MeanCosine(second.Input, earlier), -0.3, 0.3);
        ProcrustesAlignment.Fit(corpus.Vocabulary, second.Input, corpus.Vocabulary, earlier).Apply(second.Input);
        Assert.InRange(MeanCosine(second.Input, earlier), 0.8, 1);
    }

    private static double MeanCosine(EmbeddingMatrix a, VectorTable b) => Enumerable.Range(0, a.Rows).Average(row =>
        System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(a[new ItemOrdinal(row)], b[new ItemOrdinal(row)]));

    private static float Dot(EmbeddingMatrix a, int row, EmbeddingMatrix b, int other) =>
        System.Numerics.Tensors.TensorPrimitives.Dot<float>(a[new ItemOrdinal(row)], b[new ItemOrdinal(other)]);

    private static bool Near(float a, float b) => Math.Abs(a - b) < 1e-5;

    private static Vocabulary Items(int count, string prefix, int from = 0)
    {
        var builder = new VocabularyBuilder();
        for (int i = from; i < from + count; i++)
        {
            builder.Add($"{prefix}{i}");
        }

        return builder.Build(1, out _);
    }

    private static EmbeddingMatrix Random(int rows, int seed)
    {
        var random = new Random(seed);
        var matrix = new EmbeddingMatrix(rows, Dimension);
        for (int row = 0; row < rows; row++)
        {
            foreach (ref float value in matrix[new ItemOrdinal(row)])
            {
                value = (random.NextSingle() * 2) - 1;
            }
        }

        return matrix;
    }
}

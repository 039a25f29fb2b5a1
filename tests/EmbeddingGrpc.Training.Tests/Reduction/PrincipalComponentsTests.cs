using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Tests;

public sealed class PrincipalComponentsTests
{
    [Fact]
    public void Fit_VarianceAlongKnownAxes_FindsThemInOrder()
    {
        // Independent values of spread 5, 2 and 0.1 along three axes of a rotated frame, around a mean far away.
        using var table = Table(2000, (random, v) =>
        {
            float a = 5 * Spread(random), b = 2 * Spread(random), c = 0.1f * Spread(random);
            v[0] = 10 + (0.6f * a) - (0.8f * b);
            v[1] = -7 + (0.8f * a) + (0.6f * b);
            v[2] = c;
        });
        var components = PrincipalComponents.Fit(table, 3, centered: true);
        Assert.InRange(components.ExplainedShares[0], 0.82, 0.90);
        Assert.InRange(components.ExplainedShares[1], 0.10, 0.18);
        Assert.InRange(components.ExplainedShares[2], 0, 0.001);
        Assert.Equal(1, components.ExplainedShares.Sum(), 1e-9);

        float[] alongFirst = new float[3], atMean = new float[3];
        components.Transform([10 + 0.6f, -7 + 0.8f, 0], alongFirst);
        components.Transform([10, -7, 0], atMean);
        Assert.Equal(1, Math.Abs(alongFirst[0] - atMean[0]), 0.01);
        Assert.Equal(0, alongFirst[2] - atMean[2], 0.01);
    }

    [Fact]
    public void Transform_AllComponentsUncentered_KeepsEveryProduct()
    {
        using var table = Table(50, (random, v) =>
        {
            foreach (ref float value in v)
            {
                value = Spread(random);
            }
        });
        using var reduced = PrincipalComponents.Fit(table, 3, centered: false).Transform(table);
        for (int row = 1; row < 50; row++)
        {
            Assert.Equal(Dot(table[new ItemOrdinal(0)], table[new ItemOrdinal(row)]), Dot(reduced[new ItemOrdinal(0)], reduced[new ItemOrdinal(row)]), 1e-4);
        }
    }

    [Fact]
    public void Transform_FewerComponentsOfAFlatTable_KeepsDistances()
    {
        // Rows in a plane of three dimensions: two components lose nothing.
        using var table = Table(60, (random, v) =>
        {
            float a = Spread(random), b = Spread(random);
            v[0] = a;
            v[1] = b;
            v[2] = a - b;
        });
        using var reduced = PrincipalComponents.Fit(table, 2, centered: true).Transform(table);
        Assert.Equal(2, reduced.Dimension);
        for (int row = 1; row < 60; row++)
        {
            Assert.Equal(Distance(table[new ItemOrdinal(0)], table[new ItemOrdinal(row)]), Distance(reduced[new ItemOrdinal(0)], reduced[new ItemOrdinal(row)]), 1e-4);
        }
    }

    [Fact]
    public void Fit_EqualRows_HasNothingToExplain()
    {
        using var table = Table(5, (_, v) => v.Fill(2));
        var components = PrincipalComponents.Fit(table, 2, centered: true);
        Assert.All(components.ExplainedShares, share => Assert.InRange(share, -1e-9, 1));
    }

    [Fact]
    public void Fit_BadArguments_Throws()
    {
        using var table = Table(5, (_, v) => v.Fill(2));
        using var empty = Table(0, (_, _) => { });
        Assert.Throws<ArgumentOutOfRangeException>(() => PrincipalComponents.Fit(table, 0, centered: true));
        Assert.Throws<ArgumentOutOfRangeException>(() => PrincipalComponents.Fit(table, 4, centered: true));
        Assert.Throws<ArgumentException>(() => PrincipalComponents.Fit(empty, 1, centered: true));
        var components = PrincipalComponents.Fit(table, 2, centered: true);
        Assert.Throws<ArgumentException>(() => components.Transform(new float[2], new float[2]));
        using var other = VectorTable.FromMatrix(new EmbeddingMatrix(2, 4));
        Assert.Throws<ArgumentException>(() => components.Transform(other));
    }

    private delegate void Row(Random random, Span<float> values);

    private static VectorTable Table(int rows, Row fill)
    {
        var random = new Random(5);
        var matrix = new EmbeddingMatrix(rows, 3);
        for (int row = 0; row < rows; row++)
        {
            fill(random, matrix[new ItemOrdinal(row)]);
        }

        return VectorTable.FromMatrix(matrix);
    }

    private static float Spread(Random random) => (random.NextSingle() * 2) - 1;

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => System.Numerics.Tensors.TensorPrimitives.Dot(a, b);

    private static float Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b) => System.Numerics.Tensors.TensorPrimitives.Distance(a, b);
}

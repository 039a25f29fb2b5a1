using System.Numerics.Tensors;

namespace EmbeddingGrpc.Numerics.Tests;

/// <summary>Against the library, for lengths with and without a remainder of a register.</summary>
public sealed class RowMathTests
{
    public static TheoryData<int> Lengths => [0, 1, 7, 8, 15, 16, 17, 31, 64, 100, 257];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Dot_AndNorm_AreThoseOfTheLibrary(int length)
    {
        var (a, b) = (Row(length, 1), Row(length, 2));
        Assert.Equal(TensorPrimitives.Dot(a, b), RowMath.Dot(a, b), 1e-4f);
        Assert.Equal(length == 0 ? 0 : TensorPrimitives.Norm(a), RowMath.Norm(a), 1e-4f);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void AddScaled_IsThatOfTheLibrary(int length)
    {
        var (row, sum) = (Row(length, 3), Row(length, 4));
        var expected = new float[length];
        TensorPrimitives.MultiplyAdd(row, 2.5f, sum, expected);
        RowMath.AddScaled(row, 2.5f, sum.AsSpan());
        for (var i = 0; i < length; i++) Assert.Equal(expected[i], sum[i], 1e-5f);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void AddScaled_IntoDoubles_KeepsTheirPrecision(int length)
    {
        var row = Row(length, 5);
        var sum = Enumerable.Repeat(1e9, length).ToArray();
        RowMath.AddScaled(row, 0.1, sum.AsSpan());
        for (var i = 0; i < length; i++) Assert.Equal(1e9 + (0.1 * row[i]), sum[i]);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Divide_IsThatOfTheLibrary(int length)
    {
        var row = Row(length, 6);
        var expected = new float[length];
        TensorPrimitives.Divide(row, 3f, expected);
        RowMath.Divide(row, 3f);
        Assert.Equal(expected, row);
    }

    [Fact]
    public void RowsOfDifferentLengths_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => RowMath.Dot(Row(3, 1), Row(4, 1)));
        Assert.Throws<ArgumentException>(() => RowMath.AddScaled(Row(3, 1), 1f, Row(4, 1).AsSpan()));
        Assert.Throws<ArgumentException>(() => RowMath.AddScaled(Row(3, 1), 1.0, new double[4].AsSpan()));
    }

    private static float[] Row(int length, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2) - 1)];
    }
}

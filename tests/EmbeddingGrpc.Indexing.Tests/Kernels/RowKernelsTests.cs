using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

public sealed unsafe class RowKernelsTests
{
    private const int Longest = 160;

    [Fact]
    public void SquaredNormAndScale_EveryLength_AgreeWithDoubles()
    {
        var values = Values(seed: 3);
        fixed (float* pointer = values)
        {
            for (var length = 0; length <= 130; length++)
            {
                var expected = values.Take(length).Sum(value => (double)value * value);
                Assert.Equal(expected, RowKernels.SquaredNorm(pointer, length), 1e-12 * (1 + expected));

                var scaled = values.ToArray();
                fixed (float* target = scaled) RowKernels.Scale(target, length, 1 / 3.0);
                for (var i = 0; i < Longest; i++) Assert.Equal(i < length ? (float)(values[i] * (1 / 3.0)) : values[i], scaled[i]);
            }
        }
    }

    [Theory]
    [InlineData(-7f)]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    [InlineData(float.PositiveInfinity)]
    public void LargestMagnitude_OneExtremeAtEveryPlace_IsSeen(float extreme)
    {
        for (var length = 1; length <= 70; length++)
        {
            for (var at = 0; at < length; at++)
            {
                var values = Values(seed: 4);
                values[at] = extreme;
                // What lies behind the row does not count.
                values[length] = float.NaN;
                fixed (float* pointer = values) Assert.Equal(Math.Abs(extreme), RowKernels.LargestMagnitude(pointer, length));
            }
        }
    }

    [Fact]
    public void LargestMagnitude_OfNothing_IsZero()
    {
        var values = Values(seed: 4);
        fixed (float* pointer = values) Assert.Equal(0, RowKernels.LargestMagnitude(pointer, 0));
    }

    [Theory]
    [InlineData(127)]
    [InlineData(63)]
    public void Round_HalvesAndWhatIsBeyondTheLimit_AgreeWithOneAfterTheOther(int limit)
    {
        var values = Values(seed: 5);
        for (var i = 0; i < Longest; i += 2) values[i] = (i - 80) * 0.25f;
        values[1] = 1e30f;
        values[3] = -1e30f;
        var rounded = new sbyte[Longest];
        fixed (float* pointer = values)
        fixed (sbyte* target = rounded)
        {
            RowKernels.Round(pointer, scale: 10, limit, target, Longest);
        }

        for (var i = 0; i < Longest; i++) Assert.Equal((sbyte)MathF.Round(Math.Clamp(values[i] * 10, -limit, limit)), rounded[i]);
    }

    private static float[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Longest).Select(_ => (random.NextSingle() - 0.5f) * 12)];
    }
}

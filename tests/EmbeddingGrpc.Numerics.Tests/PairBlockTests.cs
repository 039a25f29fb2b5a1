using System.Runtime.Intrinsics;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Numerics.Tests;

public sealed class PairBlockTests
{
    private const int Items = 60;

    private delegate void Stepper(PairBlock block, int[] inputs, float[] rates, int[] outputs, float[] labels);

    [Fact]
    public void Oracle_Step_IsTheGradientOfItsLoss()
    {
        // The oracle itself is checked against numerical differences; the kernels are then checked against the oracle.
        var random = new Random(3);
        double[][] x = Rows(random, 3, 5), y = Rows(random, 4, 5);
        double[] rates = [0.3, 0.1, 0.7], labels = [1, 0, 0, 1];
        var (dx, dy) = PairBlockOracle.Step(x, rates, y, labels);
        AssertDescends(x, dx, () => PairBlockOracle.Loss(x, rates, y, labels));
        AssertDescends(y, dy, () => PairBlockOracle.Loss(x, rates, y, labels));
    }

    [Fact]
    public void Step_EveryDimension_AgreesWithTheOracleOnEveryWidth()
    {
        for (int dimension = 1; dimension <= 130; dimension++)
        {
            AssertAgrees(dimension, 1 + (dimension % 7), 1 + (dimension % 9), seed: dimension);
        }
    }

    [Fact]
    public void Step_EveryBlockShape_AgreesWithTheOracleOnEveryWidth()
    {
        for (int inputs = 1; inputs <= 33; inputs++)
        {
            for (int outputs = 1; outputs <= 27; outputs++)
            {
                AssertAgrees(20, inputs, outputs, seed: (inputs * 100) + outputs);
            }
        }
    }

    [Fact]
    public void Step_LargeBlock_AgreesWithTheOracleOnEveryWidth() => AssertAgrees(100, 48, 50, seed: 1);

    [Theory]
    [InlineData(new[] { 3, 3 })]
    [InlineData(new[] { 3, 5, 3, 8, 3, 9, 3, 3 })]
    public void Step_OutputThatRepeats_ReceivesEveryGradient(int[] outputs)
    {
        foreach (var (name, step) in Widths())
        {
            using var w1 = Filled(20, new Random(1));
            using var w2 = Filled(20, new Random(2));
            double[][] x = Values(w1, [0, 1]), y = Values(w2, outputs);
            float[] labels = new float[outputs.Length];
            // Steps small enough that it does not matter whether the second gradient is taken before or after the first has moved the row.
            var (_, dy) = PairBlockOracle.Step(x, [1e-4, 1e-4], y, new double[outputs.Length]);
            double[] expected = new double[20];
            for (int o = 0; o < outputs.Length; o++)
            {
                Add(expected, outputs[o] == 3 ? dy[o] : new double[20]);
            }

            using var block = new PairBlock(w1, w2, 2, outputs.Length);
            step(block, [0, 1], [1e-4f, 1e-4f], outputs, labels);
            for (int k = 0; k < 20; k++)
            {
                Assert.True(Math.Abs(y[0][k] + expected[k] - w2[new ItemOrdinal(3)][k]) < 1e-6, $"{name}: [{k}]");
            }
        }
    }

    [Fact]
    public void Step_AnyShape_LeavesPaddingZeroAndOtherRowsAlone()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        float[] untouched1 = w1[new ItemOrdinal(9)].ToArray(), untouched2 = w2[new ItemOrdinal(9)].ToArray();
        using var block = new PairBlock(w1, w2, 8, 8);
        block.Step([0, 1, 2], [.1f, .1f, .1f], [3, 4, 5, 6, 7], [1, 0, 0, 0, 0]);
        Assert.Equal(untouched1, w1[new ItemOrdinal(9)].ToArray());
        Assert.Equal(untouched2, w2[new ItemOrdinal(9)].ToArray());
        AssertPaddingZero(w1);
        AssertPaddingZero(w2);
    }

    [Theory]
    [InlineData(new[] { 0, 1 }, new[] { Items })]
    [InlineData(new[] { -1, 1 }, new[] { 0 })]
    [InlineData(new[] { 0, 1, 2, 3, 4 }, new[] { 0 })]
    [InlineData(new[] { 0 }, new[] { 0, 1, 2, 3, 4 })]
    public void Step_RowsOutsideTheMatrixOrTooMany_ThrowsAndChangesNothing(int[] inputs, int[] outputs)
    {
        using var w1 = Filled(8, new Random(1));
        using var w2 = Filled(8, new Random(2));
        float[] before1 = w1[new ItemOrdinal(0)].ToArray(), before2 = w2[new ItemOrdinal(0)].ToArray();
        using var block = new PairBlock(w1, w2, 4, 4);
        Assert.Throws<ArgumentException>(() => block.Step(inputs, new float[inputs.Length], outputs, new float[outputs.Length]));
        Assert.Equal(before1, w1[new ItemOrdinal(0)].ToArray());
        Assert.Equal(before2, w2[new ItemOrdinal(0)].ToArray());
    }

    [Fact]
    public void Step_MismatchedRatesOrLabels_Throws()
    {
        using var w1 = Filled(8, new Random(1));
        using var w2 = Filled(8, new Random(2));
        using var block = new PairBlock(w1, w2, 4, 4);
        Assert.Throws<ArgumentException>(() => block.Step([1], [1, 1], [1], [1]));
        Assert.Throws<ArgumentException>(() => block.Step([1], [1], [1], []));
    }

    [Fact]
    public void Step_NothingToDo_ChangesNothing()
    {
        using var w1 = Filled(8, new Random(1));
        using var w2 = Filled(8, new Random(2));
        float[] before = w1[new ItemOrdinal(1)].ToArray();
        using var block = new PairBlock(w1, w2, 4, 4);
        block.Step([1], [1], [], []);
        block.Step([], [], [1], [1]);
        Assert.Equal(before, w1[new ItemOrdinal(1)].ToArray());
    }

    [Fact]
    public void Step_AfterDispose_Throws()
    {
        using var w1 = Filled(8, new Random(1));
        using var w2 = Filled(8, new Random(2));
        var block = new PairBlock(w1, w2, 4, 4);
        block.Dispose();
        block.Dispose();
        Assert.Throws<ObjectDisposedException>(() => block.Step([1], [1], [1], [1]));
    }

    [Fact]
    public void Constructor_MatricesOfDifferentDimension_Throws()
    {
        using var w1 = new EmbeddingMatrix(3, 8);
        using var w2 = new EmbeddingMatrix(3, 9);
        Assert.Throws<ArgumentException>(() => new PairBlock(w1, w2, 1, 1));
    }

    [Fact]
    public void Loss_AnyBlock_IsTheOraclesMean()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        int[] inputs = [3, 1], outputs = [2, 5, 7];
        float[] labels = [1, 0, 0];
        using var block = new PairBlock(w1, w2, 4, 4);
        double expected = PairBlockOracle.Loss(Values(w1, inputs), [1, 1], Values(w2, outputs), [1, 0, 0]) / 6;
        Assert.Equal(expected, block.Loss(inputs, outputs, labels), 1e-5);
    }

    private static IEnumerable<(string Name, Stepper Step)> Widths()
    {
        yield return ("dispatch", (block, i, r, o, l) => block.Step(i, r, o, l));
        yield return ("scalar", (block, i, r, o, l) => block.Step<LanesScalar, float>(i, r, o, l));
        if (Lanes256.IsSupported)
        {
            yield return ("256", (block, i, r, o, l) => block.Step<Lanes256, Vector256<float>>(i, r, o, l));
        }

        if (Lanes512.IsSupported)
        {
            yield return ("512", (block, i, r, o, l) => block.Step<Lanes512, Vector512<float>>(i, r, o, l));
        }
    }

    private static void AssertAgrees(int dimension, int inputCount, int outputCount, int seed)
    {
        foreach (var (name, step) in Widths())
        {
            var random = new Random(seed);
            using var w1 = Filled(dimension, random);
            using var w2 = Filled(dimension, random);
            int[] inputs = [.. Enumerable.Range(0, Items).OrderBy(_ => random.Next()).Take(inputCount)];
            int[] outputs = [.. Enumerable.Range(0, Items).OrderBy(_ => random.Next()).Take(outputCount)];
            float[] rates = [.. inputs.Select(_ => random.NextSingle() * 0.2f)];
            float[] labels = [.. outputs.Select(_ => (float)random.Next(2))];
            double[][] x = Values(w1, inputs), y = Values(w2, outputs);
            var (dx, dy) = PairBlockOracle.Step(x, [.. rates], y, [.. labels]);

            using var block = new PairBlock(w1, w2, inputCount, outputCount);
            step(block, inputs, rates, outputs, labels);

            for (int i = 0; i < inputs.Length; i++)
            {
                Add(x[i], dx[i]);
                AssertNear(x[i], w1[new ItemOrdinal(inputs[i])], $"{name}: input {i} of {inputCount}x{outputCount}x{dimension}");
            }

            for (int o = 0; o < outputs.Length; o++)
            {
                Add(y[o], dy[o]);
                AssertNear(y[o], w2[new ItemOrdinal(outputs[o])], $"{name}: output {o} of {inputCount}x{outputCount}x{dimension}");
            }
        }
    }

    private static void Add(double[] row, double[] change)
    {
        for (int k = 0; k < row.Length; k++)
        {
            row[k] += change[k];
        }
    }

    private static void AssertNear(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        for (int k = 0; k < expected.Length; k++)
        {
            Assert.True(Math.Abs(expected[k] - actual[k]) < 1e-5, $"{what}: [{k}] is {actual[k]}, not {expected[k]}");
        }
    }

    private static void AssertDescends(double[][] rows, double[][] change, Func<double> loss)
    {
        const double Epsilon = 1e-6;
        for (int i = 0; i < rows.Length; i++)
        {
            for (int k = 0; k < rows[i].Length; k++)
            {
                double at = rows[i][k];
                rows[i][k] = at + Epsilon;
                double above = loss();
                rows[i][k] = at - Epsilon;
                double below = loss();
                rows[i][k] = at;
                Assert.Equal(-(above - below) / (2 * Epsilon), change[i][k], 1e-8);
            }
        }
    }

    private static unsafe void AssertPaddingZero(EmbeddingMatrix matrix)
    {
        for (int row = 0; row < matrix.Rows; row++)
        {
            var padding = new ReadOnlySpan<float>(matrix.Pointer + (row * matrix.Stride) + matrix.Dimension, matrix.Stride - matrix.Dimension);
            Assert.False(padding.ContainsAnyExcept(0f));
        }
    }

    private static double[][] Rows(Random random, int count, int dimension) =>
        [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, dimension).Select(_ => (random.NextDouble() * 2) - 1).ToArray())];

    private static double[][] Values(EmbeddingMatrix matrix, int[] rows) =>
        [.. rows.Select(row => matrix[new ItemOrdinal(row)].ToArray().Select(v => (double)v).ToArray())];

    private static EmbeddingMatrix Filled(int dimension, Random random)
    {
        var matrix = new EmbeddingMatrix(Items, dimension);
        for (int row = 0; row < Items; row++)
        {
            foreach (ref float value in matrix[new ItemOrdinal(row)])
            {
                value = (random.NextSingle() * 2) - 1;
            }
        }

        return matrix;
    }
}

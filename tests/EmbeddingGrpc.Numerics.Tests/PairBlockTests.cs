using System.Runtime.Intrinsics;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Numerics.Tests;

public sealed class PairBlockTests
{
    private const int Items = 60;

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
        foreach (int inputs in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 32, 33 })
        {
            foreach (int outputs in new[] { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 17, 24 })
            {
                AssertAgrees(20, inputs, outputs, seed: (inputs * 100) + outputs);
            }
        }
    }

    [Fact]
    public void Step_LargeBlock_AgreesWithTheOracleOnEveryWidth() => AssertAgrees(100, 48, 50, seed: 1);

    [Fact]
    public void Shrink_InputsAndOutputs_ShrinkByRateAndLabel()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        double[][] x = Values(w1, [0, 1]), y = Values(w2, [2, 3]);
        using var block = new PairBlock(w1, w2, 4, 4);
        block.AddOutput(2, 1);
        block.AddOutput(3, 0);
        block.Advance();
        block.AddInput(0, 0.5f);
        block.AddInput(1, 0.25f);
        block.Shrink(0.1f, 0.2f);
        AssertEach(x[0], 0.95, Values(w1, [0])[0]);
        AssertEach(x[1], 0.975, Values(w1, [1])[0]);
        AssertEach(y[0], 0.8, Values(w2, [2])[0]);
        Assert.Equal(y[1], Values(w2, [3])[0]);

        static void AssertEach(double[] before, double factor, double[] after)
        {
            for (int k = 0; k < before.Length; k++)
            {
                Assert.Equal(factor * before[k], after[k], 1e-6);
            }
        }
    }

    [Fact]
    public void Shrink_ItemThatSharesRows_ShrinksBoth()
    {
        var map = new HashedRows(30, 10, 5);
        using var matrix = Filled(20, new Random(1), map.Rows);
        var (first, second) = map.Of(17);
        double[] before = [Length(first), Length(second)];
        using var outputs = Filled(20, new Random(2), 10);
        using var block = new PairBlock(matrix, map, outputs, HashedRows.None(10), 4, 4);
        block.AddOutput(2, 1);
        block.Advance();
        block.AddInput(17, 0.5f);
        block.Shrink(0.1f, 0);
        Assert.Equal([0.95 * before[0], 0.95 * before[1]], [Length(first), Length(second)], (a, b) => Math.Abs(a - b) < 1e-6);

        double Length(int row) => Math.Sqrt(Values(matrix, [row])[0].Sum(value => value * value));
    }

    [Theory]
    [InlineData(new[] { 3, 3 })]
    [InlineData(new[] { 3, 5, 3, 8, 3, 9, 3, 3 })]
    public void Step_OutputThatRepeats_ReceivesEveryGradient(int[] outputs)
    {
        foreach (var (name, step, _) in Widths())
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
            Put(block, [0, 1], [1e-4f, 1e-4f], outputs, labels);
            step(block);
            for (int k = 0; k < 20; k++)
            {
                Assert.True(Math.Abs(y[0][k] + expected[k] - w2[new ItemOrdinal(3)][k]) < 1e-6, $"{name}: [{k}]");
            }
        }
    }

    [Fact]
    public void Step_InputThatRepeats_IsOneWithTheSumOfItsRates()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        using var v1 = Filled(20, new Random(1));
        using var v2 = Filled(20, new Random(2));
        using var merged = new PairBlock(w1, w2, 40, 4);
        using var summed = new PairBlock(v1, v2, 40, 4);
        int[] many = [.. Enumerable.Range(0, 30)];
        Put(merged, [.. many, 29, 7, 7], [.. many.Select(_ => .125f), .125f, .125f, .25f], [2, 3], [1, 0]);
        Put(summed, many, [.. many.Select(i => i == 29 ? .25f : i == 7 ? .5f : .125f)], [2, 3], [1, 0]);
        Assert.Equal(30, merged.InputCount);
        merged.Step();
        summed.Step();
        Assert.Equal(v1[new ItemOrdinal(7)].ToArray(), w1[new ItemOrdinal(7)].ToArray());
        Assert.Equal(v2[new ItemOrdinal(2)].ToArray(), w2[new ItemOrdinal(2)].ToArray());
    }

    [Fact]
    public void Step_SecondStepOfACenter_MeetsTheSameOutputs()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        using var block = new PairBlock(w1, w2, 4, 4);
        Put(block, [0], [0.1f], [5], [1]);
        block.Step();
        block.AddInput(1, 0.1f);
        float[] output = w2[new ItemOrdinal(5)].ToArray(), input = w1[new ItemOrdinal(1)].ToArray();
        block.Step();
        var (dx, dy) = PairBlockOracle.Step([Doubles(input)], [0.1], [Doubles(output)], [1]);
        AssertNear([.. Doubles(input).Zip(dx[0], (v, d) => v + d)], w1[new ItemOrdinal(1)], "input");
        AssertNear([.. Doubles(output).Zip(dy[0], (v, d) => v + d)], w2[new ItemOrdinal(5)], "output");
    }

    [Fact]
    public void StepMean_AnyShape_AgreesWithTheOracleOnEveryWidth()
    {
        for (int shape = 1; shape <= 130; shape++)
        {
            foreach (var (name, _, step) in Widths())
            {
                var random = new Random(shape);
                using var w1 = Filled(shape, random);
                using var w2 = Filled(shape, random);
                int[] inputs = [.. Enumerable.Range(0, Items).OrderBy(_ => random.Next()).Take(1 + (shape % 13))];
                int[] outputs = [.. Enumerable.Range(0, Items).OrderBy(_ => random.Next()).Take(1 + (shape % 17))];
                float[] weights = [.. inputs.Select(_ => random.NextSingle() + 0.1f)];
                float[] labels = [.. outputs.Select(_ => (float)random.Next(2))];
                double sum = weights.Sum(w => (double)w);
                double[][] x = Values(w1, inputs), y = Values(w2, outputs);
                double[] mean = [.. Enumerable.Range(0, shape).Select(k => x.Select((row, i) => row[k] * weights[i] / sum).Sum())];
                var (dh, dy) = PairBlockOracle.Step([mean], [0.2], y, [.. labels]);

                using var block = new PairBlock(w1, w2, 20, 20);
                Put(block, [], [], outputs, labels);
                for (int i = 0; i < inputs.Length; i++)
                {
                    block.AddToMean(inputs[i], weights[i]);
                }

                step(block, 0.2f, 1.5f);
                for (int i = 0; i < inputs.Length; i++)
                {
                    Add(x[i], [.. dh[0].Select(d => d * 1.5 * weights[i] / sum)]);
                    AssertNear(x[i], w1[new ItemOrdinal(inputs[i])], $"{name}: input {i} of {inputs.Length}x{outputs.Length}x{shape}");
                }

                for (int o = 0; o < outputs.Length; o++)
                {
                    Add(y[o], dy[o]);
                    AssertNear(y[o], w2[new ItemOrdinal(outputs[o])], $"{name}: output {o} of {inputs.Length}x{outputs.Length}x{shape}");
                }
            }
        }
    }

    [Fact]
    public void StepMean_ScaleOne_DescendsTheGradientOfItsLoss()
    {
        // The loss of the mean, by numerical differences in the inputs: what StepMean moves them along.
        double[][] x = Rows(new Random(1), 3, 5), y = Rows(new Random(2), 4, 5);
        double[] weights = [0.5, 1, 2], labels = [1, 0, 0, 1];
        double Loss() => PairBlockOracle.Loss([[.. Enumerable.Range(0, 5).Select(k => x.Select((row, i) => row[k] * weights[i] / 3.5).Sum())]], [1], y, labels);
        double[] mean = [.. Enumerable.Range(0, 5).Select(k => x.Select((row, i) => row[k] * weights[i] / 3.5).Sum())];
        var (dh, _) = PairBlockOracle.Step([mean], [1], y, labels);
        AssertDescends(x, [.. weights.Select(w => dh[0].Select(d => d * w / 3.5).ToArray())], Loss);
    }

    [Fact]
    public void LossMean_AnyBlock_IsTheOraclesMean()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        using var block = new PairBlock(w1, w2, 4, 4);
        Put(block, [], [], [2, 5, 7], [1, 0, 0]);
        block.AddToMean(3, 1);
        block.AddToMean(1, 3);
        double[][] x = Values(w1, [3, 1]);
        double[] mean = [.. x[0].Zip(x[1], (a, b) => (a + (3 * b)) / 4)];
        Assert.Equal(PairBlockOracle.Loss([mean], [1], Values(w2, [2, 5, 7]), [1, 0, 0]) / 3, block.LossMean(), 1e-5);
    }

    [Fact]
    public void Step_ItemsThatShareRows_MovesTheirRowsLikeARowOfTheirOwn()
    {
        // Items 0..3 have rows, 4..999 share five.
        var map = new HashedRows(1000, 4, 5);
        foreach (var (name, step, _) in Widths())
        {
            using var w1 = Filled(20, new Random(1), map.Rows);
            using var w2 = Filled(20, new Random(2), map.Rows);
            int input = Enumerable.Range(4, 900).First(item => map.Of(item) == (4, 6));
            int output = Enumerable.Range(4, 900).First(item => map.Of(item) == (7, 5));
            double[] x = Composite(w1, 4, 6), y = Composite(w2, 7, 5), y0 = Values(w2, [0])[0];
            var (dx, dy) = PairBlockOracle.Step([x], [0.3], [y, y0], [1, 0]);
            Add(x, dx[0]);
            Add(y, dy[0]);
            Add(y0, dy[1]);

            using var block = new PairBlock(w1, map, w2, map, 4, 4);
            Put(block, [input], [0.3f], [output, 0], [1, 0]);
            step(block);
            AssertNear(x, [.. Composite(w1, 4, 6).Select(v => (float)v)], name + " input");
            AssertNear(y, [.. Composite(w2, 7, 5).Select(v => (float)v)], name + " output");
            AssertNear(y0, w2[new ItemOrdinal(0)], name + " own row");
        }
    }

    [Fact]
    public void Constructor_MapThatDoesNotFit_Throws()
    {
        using var w1 = new EmbeddingMatrix(3, 8);
        using var w2 = new EmbeddingMatrix(3, 8);
        Assert.Throws<ArgumentException>(() => new PairBlock(w1, new HashedRows(10, 2, 2), w2, HashedRows.None(3), 1, 1));
    }

    [Fact]
    public void Step_AnyShape_LeavesPaddingZeroAndOtherRowsAlone()
    {
        using var w1 = Filled(20, new Random(1));
        using var w2 = Filled(20, new Random(2));
        float[] untouched1 = w1[new ItemOrdinal(9)].ToArray(), untouched2 = w2[new ItemOrdinal(9)].ToArray();
        using var block = new PairBlock(w1, w2, 8, 8);
        Put(block, [0, 1, 2], [.1f, .1f, .1f], [3, 4, 5, 6, 7], [1, 0, 0, 0, 0]);
        block.Step();
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
        Assert.Throws<ArgumentException>(() => Put(block, inputs, new float[inputs.Length], outputs, new float[outputs.Length]));
        Assert.Equal(before1, w1[new ItemOrdinal(0)].ToArray());
        Assert.Equal(before2, w2[new ItemOrdinal(0)].ToArray());
    }

    [Fact]
    public void Step_NothingToDo_ChangesNothing()
    {
        using var w1 = Filled(8, new Random(1));
        using var w2 = Filled(8, new Random(2));
        float[] before = w1[new ItemOrdinal(1)].ToArray();
        using var block = new PairBlock(w1, w2, 4, 4);
        Put(block, [1], [1], [], []);
        block.Step();
        Put(block, [], [], [1], [1]);
        block.Step();
        block.StepMean(1, 1);
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
        Assert.Throws<ObjectDisposedException>(block.Advance);
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
        Put(block, inputs, [1, 1], outputs, labels);
        Assert.Equal(expected, block.Loss(), 1e-5);
    }

    private static IEnumerable<(string Name, Action<PairBlock> Step, Action<PairBlock, float, float> StepMean)> Widths()
    {
        yield return ("dispatch", block => block.Step(), (block, rate, scale) => block.StepMean(rate, scale));
        yield return ("scalar", block => block.Step<LanesScalar, float>(), (block, rate, scale) => block.StepMean<LanesScalar, float>(rate, scale));
        if (Lanes256.IsSupported)
        {
            yield return ("256", block => block.Step<Lanes256, Vector256<float>>(), (block, rate, scale) => block.StepMean<Lanes256, Vector256<float>>(rate, scale));
        }

        if (Lanes512.IsSupported)
        {
            yield return ("512", block => block.Step<Lanes512, Vector512<float>>(), (block, rate, scale) => block.StepMean<Lanes512, Vector512<float>>(rate, scale));
        }
    }

    private static void Put(PairBlock block, int[] inputs, float[] rates, int[] outputs, float[] labels)
    {
        for (int o = 0; o < outputs.Length; o++)
        {
            block.AddOutput(outputs[o], labels[o]);
        }

        block.Advance();
        for (int i = 0; i < inputs.Length; i++)
        {
            block.AddInput(inputs[i], rates[i]);
        }
    }

    private static void AssertAgrees(int dimension, int inputCount, int outputCount, int seed)
    {
        foreach (var (name, step, _) in Widths())
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
            Put(block, inputs, rates, outputs, labels);
            step(block);

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

    private static double[] Doubles(float[] values) => [.. values.Select(v => (double)v)];

    private static double[] Composite(EmbeddingMatrix matrix, int first, int second) =>
        [.. Values(matrix, [first])[0].Zip(Values(matrix, [second])[0], (a, b) => (a + b) * Math.Sqrt(0.5))];

    private static EmbeddingMatrix Filled(int dimension, Random random, int rows = Items)
    {
        var matrix = new EmbeddingMatrix(rows, dimension);
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

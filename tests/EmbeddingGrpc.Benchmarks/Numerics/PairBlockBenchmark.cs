using System.Numerics.Tensors;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Benchmarks.Numerics;

/// <summary>
/// One step of a window's contexts against the center and its negatives: what tiles buy over one pair after the other, and what each width
/// of register does. Rows stay in the cache, so that the kernels are measured and not the memory.
/// </summary>
public class PairBlockBenchmark
{
    // Few enough for the first-level cache.
    private const int Rows = 64;

    private EmbeddingMatrix _input = null!;
    private EmbeddingMatrix _output = null!;
    private PairBlock _block = null!;
    private float[] _change = [];

    /// <summary>Contexts of the window.</summary>
    [Params(5)]
    public int Contexts { get; set; }

    /// <summary>The center and its negatives.</summary>
    [Params(6, 48)]
    public int Outputs { get; set; }

    /// <summary>Floats of a row.</summary>
    [Params(64, 100)]
    public int Dimension { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _input = Filled(1);
        _output = Filled(2);
        _block = new PairBlock(_input, _output, 32, Outputs);
        _change = new float[Dimension];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _block.Dispose();
        _output.Dispose();
        _input.Dispose();
    }

    /// <summary>The loop of the word2vec program, with the library's vector operations.</summary>
    [Benchmark(Baseline = true)]
    public void OnePairAfterTheOther()
    {
        for (int context = 0; context < Contexts; context++)
        {
            var x = _input[new ItemOrdinal(context)];
            _change.AsSpan().Clear();
            for (int output = 0; output < Outputs; output++)
            {
                var y = _output[new ItemOrdinal(output)];
                float gradient = 1e-6f * ((output == 0 ? 1 : 0) - (1 / (1 + MathF.Exp(-TensorPrimitives.Dot<float>(x, y)))));
                TensorPrimitives.MultiplyAdd(y, gradient, _change, _change);
                TensorPrimitives.MultiplyAdd(x, gradient, y, y);
            }

            TensorPrimitives.Add(x, _change, x);
        }
    }

    [Benchmark]
    public void Tiles512() => Step(block => block.Step<Lanes512, Vector512<float>>());

    [Benchmark]
    public void Tiles256() => Step(block => block.Step<Lanes256, Vector256<float>>());

    private void Step(Action<PairBlock> step)
    {
        for (int output = 0; output < Outputs; output++)
        {
            _block.AddOutput(output, output == 0 ? 1 : 0);
        }

        _block.Advance();
        for (int context = 0; context < Contexts; context++)
        {
            _block.AddInput(context, 1e-6f);
        }

        step(_block);
    }

    private EmbeddingMatrix Filled(int seed)
    {
        var random = new Random(seed);
        var matrix = new EmbeddingMatrix(Rows, Dimension);
        for (int row = 0; row < Rows; row++)
        {
            foreach (ref float value in matrix[new ItemOrdinal(row)])
            {
                value = random.NextSingle() - 0.5f;
            }
        }

        return matrix;
    }
}

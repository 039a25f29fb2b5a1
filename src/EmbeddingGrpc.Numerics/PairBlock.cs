using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Steps of stochastic gradient descent over blocks of input rows against blocks of output rows, every pair a logistic regression with its
/// output's label. One thread each: it holds that thread's scratch memory. Several of them may step over the same matrices at once; their
/// rows then race by design (Niu et al. 2011).
/// </summary>
public sealed unsafe class PairBlock : IDisposable
{
    private readonly EmbeddingMatrix _input;
    private readonly EmbeddingMatrix _output;
    private readonly int _maximumInputs;
    private readonly int _maximumOutputs;
    private readonly int _stride;
    private void* _scratch;
    private readonly float** _rows;
    private readonly float** _before;
    private readonly float** _columns;
    private readonly float* _scores;
    private readonly float* _rates;
    private readonly float* _labels;
    private readonly float* _copies;

    /// <summary>Scratch memory for one thread.</summary>
    /// <param name="input">W1, [items, dimension].</param>
    /// <param name="output">W2, [items or tree nodes, dimension].</param>
    /// <param name="maximumInputs">Input rows of a step at most.</param>
    /// <param name="maximumOutputs">Output rows of a step at most.</param>
    /// <exception cref="ArgumentException">The matrices differ in dimension.</exception>
    public PairBlock(EmbeddingMatrix input, EmbeddingMatrix output, int maximumInputs, int maximumOutputs)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumInputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumOutputs);
        if (input.Dimension != output.Dimension)
        {
            throw new ArgumentException($"The input matrix has dimension {input.Dimension}, the output matrix {output.Dimension}.", nameof(output));
        }

        _input = input;
        _output = output;
        _maximumInputs = maximumInputs;
        _maximumOutputs = maximumOutputs;
        _stride = input.Stride;

        // One allocation, every part of it a multiple of a cache line, so that no two threads' scratch shares one.
        nuint inputs = RoundUp(maximumInputs), outputs = RoundUp(maximumOutputs);
        nuint pointerBytes = (nuint)sizeof(float*), floatBytes = sizeof(float);
        nuint size = (((2 * inputs) + outputs) * pointerBytes) + ((inputs * outputs) + inputs + outputs + (inputs * (nuint)_stride)) * floatBytes;
        _scratch = NativeMemory.AlignedAlloc(size, EmbeddingMatrix.Alignment);
        NativeMemory.Clear(_scratch, size);
        _rows = (float**)_scratch;
        _before = _rows + inputs;
        _columns = _before + inputs;
        _scores = (float*)(_columns + outputs);
        _rates = _scores + (inputs * outputs);
        _labels = _rates + inputs;
        _copies = _labels + outputs;
    }

    /// <summary>Frees the memory of a block that its owner lost to an exception.</summary>
    ~PairBlock() => NativeMemory.AlignedFree(_scratch);

    /// <summary>Asks for an input row to be brought into the cache; a hint, without effect on any value.</summary>
    public void PrefetchInput(int row) => Prefetch(_input, row);

    /// <summary>Asks for an output row to be brought into the cache; a hint, without effect on any value.</summary>
    public void PrefetchOutput(int row) => Prefetch(_output, row);

    /// <summary>
    /// One step: <c>S = X · Yᵀ</c>, <c>G[i,o] = rate[i] · (label[o] - sigmoid(S[i,o]))</c>, then <c>X += G · Y</c> and <c>Y += Gᵀ · X</c>,
    /// both from the values before the step.
    /// </summary>
    /// <param name="inputs">Rows of the input matrix, each at most once.</param>
    /// <param name="rates">[inputs]: learning rate times the weight of the input's pairs.</param>
    /// <param name="outputs">Rows of the output matrix; one that stands twice receives both gradients, the second perhaps from its moved values.</param>
    /// <param name="labels">[outputs]: 1 for what follows the inputs, 0 for noise.</param>
    /// <exception cref="ArgumentException">A row is outside its matrix, or the spans' lengths do not fit each other or this block.</exception>
    public void Step(ReadOnlySpan<int> inputs, ReadOnlySpan<float> rates, ReadOnlySpan<int> outputs, ReadOnlySpan<float> labels)
    {
        if (Lanes512.IsSupported)
        {
            Step<Lanes512, Vector512<float>>(inputs, rates, outputs, labels);
        }
        else if (Lanes256.IsSupported)
        {
            Step<Lanes256, Vector256<float>>(inputs, rates, outputs, labels);
        }
        else
        {
            Step<LanesScalar, float>(inputs, rates, outputs, labels);
        }
    }

    /// <summary>Mean loss of a pair, <c>-log sigmoid(±S)</c>, of a step that is not made.</summary>
    /// <inheritdoc cref="Step"/>
    public double Loss(ReadOnlySpan<int> inputs, ReadOnlySpan<int> outputs, ReadOnlySpan<float> labels)
    {
        double sum = 0;
        foreach (int input in inputs)
        {
            ReadOnlySpan<float> x = _input[new ItemOrdinal(input)];
            for (int o = 0; o < outputs.Length; o++)
            {
                double score = TensorPrimitives.Dot(x, _output[new ItemOrdinal(outputs[o])]);
                sum += Math.Max(score, 0) - (score * labels[o]) + Math.Log(1 + Math.Exp(-Math.Abs(score)));
            }
        }

        return sum / ((double)inputs.Length * outputs.Length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_scratch);
        _scratch = null;
        GC.SuppressFinalize(this);
    }

    /// <summary>The same step with registers of one width, whatever the widest is that the machine has.</summary>
    internal void Step<TLanes, TVector>(ReadOnlySpan<int> inputs, ReadOnlySpan<float> rates, ReadOnlySpan<int> outputs, ReadOnlySpan<float> labels)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (inputs.IsEmpty || outputs.IsEmpty)
        {
            return;
        }

        Gather(inputs, rates, outputs, labels);
        int rows = inputs.Length, columns = outputs.Length;
        PairBlockKernel.Scores<TLanes, TVector>(_rows, rows, _columns, columns, _stride, _scores);
        PairBlockKernel.Gradients<TLanes, TVector>(_scores, rows, columns, _rates, _labels);
        if ((columns & 1) != 0)
        {
            new Span<float>(_scores + (columns * PairBlockKernel.ScoreStride(rows)), rows).Clear();
        }

        float** before = _rows;
        if (PairBlockKernel.TakesSeveralStrips(columns))
        {
            before = _before;
            for (int i = 0; i < rows; i++)
            {
                before[i] = _copies + (i * _stride);
                new ReadOnlySpan<float>(_rows[i], _stride).CopyTo(new Span<float>(before[i], _stride));
            }
        }

        PairBlockKernel.Update<TLanes, TVector>(_rows, before, rows, _columns, columns, _stride, _scores);
    }

    private static nuint RoundUp(int count) => ((nuint)count + 15) & ~(nuint)15;

    private static void Prefetch(EmbeddingMatrix matrix, int row)
    {
        if (Sse.IsSupported && (uint)row < (uint)matrix.Rows)
        {
            float* start = matrix.Pointer + ((long)row * matrix.Stride);
            for (float* line = start; line < start + matrix.Stride; line += EmbeddingMatrix.Alignment / sizeof(float))
            {
                Sse.Prefetch0(line);
            }
        }
    }

    private void Gather(ReadOnlySpan<int> inputs, ReadOnlySpan<float> rates, ReadOnlySpan<int> outputs, ReadOnlySpan<float> labels)
    {
        ObjectDisposedException.ThrowIf(_scratch is null, this);
        if (inputs.Length > _maximumInputs || inputs.Length != rates.Length || outputs.Length > _maximumOutputs || outputs.Length != labels.Length)
        {
            throw new ArgumentException(
                $"{inputs.Length} inputs with {rates.Length} rates and {outputs.Length} outputs with {labels.Length} labels do not fit a block of {_maximumInputs} x {_maximumOutputs}.");
        }

        GatherRows(_input, inputs, _rows);
        GatherRows(_output, outputs, _columns);
        rates.CopyTo(new Span<float>(_rates, rates.Length));
        new Span<float>(_rates + rates.Length, (int)RoundUp(rates.Length) - rates.Length).Clear();
        labels.CopyTo(new Span<float>(_labels, labels.Length));
    }

    private static void GatherRows(EmbeddingMatrix matrix, ReadOnlySpan<int> rows, float** pointers)
    {
        float* start = matrix.Pointer;
        long stride = matrix.Stride;
        int count = matrix.Rows;
        for (int i = 0; i < rows.Length; i++)
        {
            if ((uint)rows[i] >= (uint)count)
            {
                throw new ArgumentException($"Row {rows[i]} is outside a matrix of {count} rows.", nameof(rows));
            }

            pointers[i] = start + (rows[i] * stride);
        }

        // Pads to a multiple of four with the last row, as the kernel asks.
        for (int i = rows.Length; (i & 3) != 0; i++)
        {
            pointers[i] = pointers[i - 1];
        }
    }
}

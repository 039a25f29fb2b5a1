using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using EmbeddingGrpc.Numerics.Kernels;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Steps of stochastic gradient descent over blocks of input rows against blocks of output rows, every pair a logistic regression with its
/// output's label. One thread each: it holds that thread's scratch memory. Several of them may step over the same matrices at once; their
/// rows then race by design (Niu et al. 2011).
/// </summary>
/// <remarks>
/// A step is put together item by item. Outputs are added one step ahead, so that their rows are on their way to the cache while the
/// present step is made: <c>AddOutput*, Advance, (AddOutput* for the next), AddInput*, Step, Advance, ...</c>
/// </remarks>
public sealed unsafe class PairBlock : IDisposable
{
    private readonly EmbeddingMatrix _input;
    private readonly EmbeddingMatrix _output;
    private readonly BlockOperand _inputs;
    private readonly int _stride;
    private readonly float** _hiddenRows;
    private readonly float** _hiddenBefore;
    private readonly float* _hidden;
    private readonly float* _hiddenRates;
    private readonly float* _gradients;
    private BlockOperand _outputs;
    private BlockOperand _comingOutputs;
    private void* _scratch;

    /// <summary>Scratch memory for one thread, every item with a row of its own.</summary>
    /// <param name="input">W1, [items, dimension].</param>
    /// <param name="output">W2, [items or tree nodes, dimension].</param>
    /// <param name="maximumInputs">Inputs of a step at most.</param>
    /// <param name="maximumOutputs">Outputs of a step at most.</param>
    /// <exception cref="ArgumentException">The matrices differ in dimension.</exception>
    public PairBlock(EmbeddingMatrix input, EmbeddingMatrix output, int maximumInputs, int maximumOutputs)
        : this(input, HashedRows.None(NotNull(input).Rows), output, HashedRows.None(NotNull(output).Rows), maximumInputs, maximumOutputs)
    {
    }

    /// <summary>Scratch memory for one thread, some items sharing rows.</summary>
    /// <param name="input">W1, [rows of <paramref name="inputMap"/>, dimension].</param>
    /// <param name="inputMap">The rows of an input item.</param>
    /// <param name="output">W2, [rows of <paramref name="outputMap"/>, dimension].</param>
    /// <param name="outputMap">The rows of an output item.</param>
    /// <param name="maximumInputs">Inputs of a step at most.</param>
    /// <param name="maximumOutputs">Outputs of a step at most.</param>
    /// <exception cref="ArgumentException">The matrices differ in dimension, or a map does not fit its matrix.</exception>
    public PairBlock(
        EmbeddingMatrix input, HashedRows inputMap, EmbeddingMatrix output, HashedRows outputMap, int maximumInputs, int maximumOutputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumInputs);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maximumOutputs);
        if (NotNull(input).Dimension != NotNull(output).Dimension)
        {
            throw new ArgumentException($"The input matrix has dimension {input.Dimension}, the output matrix {output.Dimension}.", nameof(output));
        }

        _input = input;
        _output = output;
        _stride = input.Stride;
        _inputs = new BlockOperand(input, inputMap, maximumInputs);
        _outputs = new BlockOperand(output, outputMap, maximumOutputs);
        _comingOutputs = new BlockOperand(output, outputMap, maximumOutputs);

        nuint gradients = PairBlockKernel.GradientSize(maximumInputs, maximumOutputs);
        nuint size = (32 * (nuint)sizeof(float*)) + (((2 * (nuint)_stride) + 32 + gradients) * sizeof(float));
        _scratch = NativeMemory.AlignedAlloc(size, EmbeddingMatrix.Alignment);
        NativeMemory.Clear(_scratch, size);
        _hiddenRows = (float**)_scratch;
        _hiddenBefore = _hiddenRows + 16;
        _hidden = (float*)(_hiddenRows + 32);
        _hiddenRates = _hidden + (2 * _stride);
        _gradients = _hiddenRates + 32;

        // The mean of a StepMean is a block of one row, padded as the kernel asks.
        new Span<nint>(_hiddenRows, 16).Fill((nint)_hidden);
        _hiddenBefore[0] = _hidden + _stride;
    }

    /// <summary>Frees the memory of a block that its owner lost to an exception.</summary>
    ~PairBlock() => NativeMemory.AlignedFree(_scratch);

    /// <summary>Inputs added for the present step.</summary>
    public int InputCount => _inputs.Count;

    /// <summary>Adds an output to the coming step and asks for its row to be brought into the cache.</summary>
    /// <param name="item">Output item; one that stands twice receives both gradients, the second perhaps from its moved values.</param>
    /// <param name="label">1 for what the inputs should predict, 0 for noise.</param>
    /// <exception cref="ArgumentException">The item is outside the matrix, or one too many.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddOutput(int item, float label)
    {
        _comingOutputs.Add(item, label);
        _comingOutputs.Prefetch(item);
    }

    /// <summary>The outputs of the coming step become those of the present one, which has no input yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Advance()
    {
        (_outputs, _comingOutputs) = (_comingOutputs, _outputs);
        _outputs.Seal();
        _comingOutputs.Clear();
        _inputs.Clear();
    }

    /// <summary>Asks for an input item's row to be brought into the cache; a hint, without effect on any value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchInput(int item) => _inputs.Prefetch(item);

    /// <summary>Adds an input to the present step. One that stands twice is one with the sum of its rates.</summary>
    /// <param name="item">Input item.</param>
    /// <param name="rate">Learning rate times the weight of the input's pairs.</param>
    /// <exception cref="ArgumentException">The item is outside the matrix, or one too many.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddInput(int item, float rate) => _inputs.Merge(item, rate);

    /// <summary>Adds an input to the mean of the present step. One that stands twice counts twice.</summary>
    /// <param name="item">Input item.</param>
    /// <param name="weight">Weight in the mean, not negative; the sum of all must be positive.</param>
    /// <exception cref="ArgumentException">The item is outside the matrix, or one too many.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddToMean(int item, float weight) => _inputs.Add(item, weight);

    /// <summary>
    /// Shrinks the present step's inputs, each by <c>1 - inputs · rate[i]</c> (or its weight), and outputs, each by <c>1 - outputs · label[o]</c>: the decay of
    /// weights beside the gradient (Loshchilov and Hutter 2019, arXiv:1711.05101), before the step.
    /// </summary>
    public void Shrink(float inputs, float outputs)
    {
        _inputs.Shrink(inputs);
        if (outputs > 0)
        {
            _outputs.Shrink(outputs);
            if (_outputs.HasComposites)
            {
                _outputs.Seal();
            }
        }
    }

    /// <summary>
    /// One step: <c>S = X · Yᵀ</c>, <c>G[i,o] = rate[i] · (label[o] - sigmoid(S[i,o]))</c>, then <c>X += G · Y</c> and <c>Y += Gᵀ · X</c>,
    /// both from the values before the step. The outputs stay for another step with other inputs.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Step()
    {
        if (Lanes512.IsSupported)
        {
            Step<Lanes512, Vector512<float>>();
        }
        else if (Lanes256.IsSupported)
        {
            Step<Lanes256, Vector256<float>>();
        }
        else
        {
            Step<LanesScalar, float>();
        }
    }

    /// <summary>
    /// One step of a single row, the weighted mean <c>h = Σ w[i]·X[i] / Σ w[i]</c> of the inputs: <c>g[o] = rate · (label[o] - sigmoid(h · Y[o]))</c>,
    /// <c>Y += gᵀ · h</c>, and every input moves by <c>inputScale · w[i]/Σw · (g · Y)</c>, all from the values before the step.
    /// </summary>
    /// <param name="rate">Learning rate.</param>
    /// <param name="inputScale">Factor of the inputs' steps; 1 is the gradient.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void StepMean(float rate, float inputScale)
    {
        if (Lanes512.IsSupported)
        {
            StepMean<Lanes512, Vector512<float>>(rate, inputScale);
        }
        else if (Lanes256.IsSupported)
        {
            StepMean<Lanes256, Vector256<float>>(rate, inputScale);
        }
        else
        {
            StepMean<LanesScalar, float>(rate, inputScale);
        }
    }

    /// <summary>Mean loss of a pair, <c>-log sigmoid(±S)</c>, of the present inputs and outputs.</summary>
    public double Loss()
    {
        _inputs.Seal();
        double sum = 0;
        for (int i = 0; i < _inputs.Count; i++)
        {
            sum += LossOf(_inputs.Rows[i]);
        }

        return sum / _inputs.Count;
    }

    /// <summary>Mean loss of an output, <c>-log sigmoid(±h · Y)</c>, of the mean of the present inputs.</summary>
    public double LossMean()
    {
        _inputs.Seal();
        Mean<LanesScalar, float>();
        return LossOf(_hidden);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        NativeMemory.AlignedFree(_scratch);
        _scratch = null;
        _inputs.Dispose();
        _outputs.Dispose();
        _comingOutputs.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The same step with registers of one width, whatever the widest is that the machine has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Step<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (_inputs.Count == 0 || _outputs.Count == 0)
        {
            return;
        }

        _inputs.Seal();
        float** before = _inputs.Rows;
        if (_inputs.HasComposites || PairBlockKernel.TakesSeveralStrips(_outputs.Count))
        {
            _inputs.Remember();
            before = _inputs.Before;
        }

        Descend<TLanes, TVector>(_inputs.Rows, before, _inputs.Count, _inputs.Values);
        if (_inputs.HasComposites)
        {
            _inputs.ReturnComposites();
        }

        _inputs.Clear();
    }

    /// <inheritdoc cref="Step{TLanes, TVector}"/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void StepMean<TLanes, TVector>(float rate, float inputScale)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (_inputs.Count == 0 || _outputs.Count == 0)
        {
            return;
        }

        _inputs.Seal();
        if (_inputs.HasComposites)
        {
            _inputs.Remember();
        }

        float share = inputScale / Mean<TLanes, TVector>();
        _hiddenRates[0] = rate;
        new ReadOnlySpan<float>(_hidden, _stride).CopyTo(new Span<float>(_hiddenBefore[0], _stride));
        Descend<TLanes, TVector>(_hiddenRows, _hiddenBefore, 1, _hiddenRates);
        MeanKernel.Spread<TLanes, TVector>(_hidden, _hiddenBefore[0], _inputs.Rows, _inputs.Values, _inputs.Count, share, _stride);
        if (_inputs.HasComposites)
        {
            _inputs.ReturnComposites();
        }

        _inputs.Clear();
    }

    private static EmbeddingMatrix NotNull(EmbeddingMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return matrix;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Descend<TLanes, TVector>(float** rows, float** before, int rowCount, float* rates)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        // The caller has sealed the outputs before its first step; made-up rows are made again for every further one.
        int columns = _outputs.Count;
        if (_outputs.HasComposites)
        {
            _outputs.Seal();
            _outputs.Remember();
        }

        PairBlockKernel.Gradients<TLanes, TVector>(rows, rates, rowCount, _outputs.Rows, _outputs.Values, columns, _stride, _gradients);
        PairBlockKernel.Update<TLanes, TVector>(rows, before, rowCount, _outputs.Rows, columns, _stride, _gradients);
        if (_outputs.HasComposites)
        {
            _outputs.ReturnComposites();
        }

        GC.KeepAlive(_input);
        GC.KeepAlive(_output);
    }

    /// <summary>Puts the weighted mean of the sealed inputs into the hidden row. Returns the sum of the weights.</summary>
    private float Mean<TLanes, TVector>()
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float sum = TensorPrimitives.Sum(new ReadOnlySpan<float>(_inputs.Values, _inputs.Count));
        MeanKernel.Gather<TLanes, TVector>(_inputs.Rows, _inputs.Values, _inputs.Count, 1 / sum, _hidden, _stride);
        return sum;
    }

    private double LossOf(float* row)
    {
        double sum = 0;
        for (int o = 0; o < _outputs.Count; o++)
        {
            double score = TensorPrimitives.Dot(new ReadOnlySpan<float>(row, _stride), new ReadOnlySpan<float>(_outputs.Rows[o], _stride));
            sum += Math.Max(score, 0) - (score * _outputs.Values[o]) + Math.Log(1 + Math.Exp(-Math.Abs(score)));
        }

        return sum / _outputs.Count;
    }
}

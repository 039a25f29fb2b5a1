using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>Makes vectors of an item from its contexts, with all other vectors frozen. One thread; keeps its scratch.</summary>
/// <remarks>
/// Where training would bring the item, to first order: W1 of an item that stands among others is near their W1 rows, because it predicts what they
/// predict, and the same holds for W2. From there a few steps of the objective that the generation was trained with (skip-gram with negative samples;
/// Mikolov et al. 2013, section 2.2), whose gradient touches the new rows only. As in training, a pair whose input comes after the item it predicts
/// weighs less. What a row has in common with all others is that of trained items as rare as this one: see <see cref="RowProfile"/>.
/// </remarks>
internal sealed class FoldInMath
{
    // Large steps where there is one context, as small as training's later on: a step is divided by the weight of all pairs.
    private const float LearningRate = 0.5f;

    private readonly Generation _generation;
    private readonly RowProfile _inputs;
    private readonly RowProfile _outputs;
    private readonly SimilarityProjection? _projection;
    private readonly double _shrinkage;
    private readonly float _backwardWeight;
    private readonly float[] _input;
    private readonly float[] _output;
    private readonly float[] _similarity;
    private readonly float[] _gradient;

    public FoldInMath(Generation generation, ModelOptions options)
    {
        _generation = generation;
        _inputs = new RowProfile(generation.Input, generation.Output, generation.Vocabulary);
        _outputs = new RowProfile(generation.Output, generation.Input, generation.Vocabulary);
        if (generation.HasSimilaritySpace) _projection = SimilarityProjection.Fit(generation.Input, generation.Output, generation.Vocabulary);
        _shrinkage = options.SimilarityShrinkage;
        _backwardWeight = (float)options.Training.BackwardWeight;
        var dimension = generation.Input.Dimension;
        _input = new float[dimension];
        _output = new float[dimension];
        _similarity = new float[dimension];
        _gradient = new float[dimension];
    }

    /// <summary>W1 of the last <see cref="Compute"/>.</summary>
    public ReadOnlySpan<float> Input => _input;

    /// <summary>W2 of the last <see cref="Compute"/>.</summary>
    public ReadOnlySpan<float> Output => _output;

    /// <summary>The row in the space of similar items; meaningless where that is W1.</summary>
    public ReadOnlySpan<float> Similarity => _similarity;

    /// <summary>Makes the vectors of an item.</summary>
    /// <param name="item">The item, with a context at least.</param>
    /// <param name="options">How much they are refined.</param>
    /// <returns>False where its contexts cancel out: then it has no direction.</returns>
    public bool Compute(FoldInItem item, FoldInOptions options)
    {
        var count = Math.Max(1, item.Count);
        var assumed = (long)(count * options.CountFactor);
        // W1 predicts what comes after, W2 is predicted from what comes before; the other pairs weigh less.
        if (!Solve(item, options, isInput: true, _inputs, assumed, _input)) return false;
        if (!Solve(item, options, isInput: false, _outputs, assumed, _output)) return false;
        _projection?.Place(_input, _output, count, _shrinkage, _similarity);
        return true;
    }

    private bool Solve(FoldInItem item, FoldInOptions options, bool isInput, RowProfile profile, long count, Span<float> row)
    {
        row.Clear();
        foreach (var context in item.Contexts)
        {
            var own = isInput ? _generation.InputOf(context.Item) : _generation.OutputOf(context.Item);
            var norm = TensorPrimitives.Norm(own);
            if (norm > 0) TensorPrimitives.MultiplyAdd(own, context.Weight / norm, row, row);
        }

        if (!profile.Place(row, count)) return false;
        // Vectors from elsewhere were not made by this objective: the mean is all that can be said.
        if (_generation.Info.Options.Count == 0) return true;
        // The same for the same contexts, in every process.
        var random = new Random((2 * item.Key.Value) + (isInput ? 1 : 0));
        for (var step = 0; step < options.Steps; step++) Descend(item, options.NegativeSamples, isInput, random, row);
        return profile.Place(row, count);
    }

    private void Descend(FoldInItem item, int negatives, bool isInput, Random random, Span<float> row)
    {
        var gradient = _gradient.AsSpan();
        gradient.Clear();
        var total = 0f;
        var vocabulary = _generation.Vocabulary;
        foreach (var context in item.Contexts)
        {
            var weight = context.Weight * (context.IsBefore == isInput ? _backwardWeight : 1);
            if (!(weight > 0)) continue;
            total += weight;
            Pull(isInput ? _generation.OutputOf(context.Item) : _generation.InputOf(context.Item), row, label: 1, weight, gradient);
            for (var negative = 0; negative < negatives; negative++)
            {
                var drawn = new ItemOrdinal(random.Next(vocabulary.Count));
                Pull(isInput ? _generation.Output[drawn] : _generation.Input[drawn], row, label: 0, weight / negatives, gradient);
            }
        }

        if (total > 0) TensorPrimitives.MultiplyAdd(gradient, LearningRate / total, row, row);
    }

    private static void Pull(ReadOnlySpan<float> frozen, ReadOnlySpan<float> row, float label, float weight, Span<float> gradient)
    {
        var error = label - (1 / (1 + MathF.Exp(-TensorPrimitives.Dot(frozen, row))));
        TensorPrimitives.MultiplyAdd(frozen, weight * error, gradient, gradient);
    }
}

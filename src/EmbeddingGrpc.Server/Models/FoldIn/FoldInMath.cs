using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;
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

    // Of the length of what attributes say.
    private const float Apart = 0.1f;

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
    private readonly ItemCatalog _catalog;
    private readonly float[] _attributeInput;
    private readonly float[] _attributeOutput;
    private AttributeVectors? _attributes;
    private long _attributesOf;

    public FoldInMath(Generation generation, ModelOptions options, ItemCatalog catalog)
    {
        _generation = generation;
        _catalog = catalog;
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
        _attributeInput = new float[dimension];
        _attributeOutput = new float[dimension];
    }

    /// <summary>W1 of the last <see cref="Compute"/>.</summary>
    public ReadOnlySpan<float> Input => _input;

    /// <summary>W2 of the last <see cref="Compute"/>.</summary>
    public ReadOnlySpan<float> Output => _output;

    /// <summary>The row in the space of similar items; meaningless where that is W1.</summary>
    public ReadOnlySpan<float> Similarity => _similarity;

    /// <summary>Learns what attributes say, where the catalogue has grown enough since that was done last.</summary>
    /// <returns>Whether it was.</returns>
    public bool LearnAttributes(CancellationToken cancellationToken)
    {
        // A quarter more each time: a catalogue that arrives item by item is gone through a few times in all.
        var items = _catalog.Count;
        if (items == 0 || items < _attributesOf + (_attributesOf / 4)) return false;
        if (_attributes is not null && items == _attributesOf) return false;
        _attributes = AttributeVectors.Learn(_generation, _catalog, _inputs, _outputs, cancellationToken);
        _attributesOf = items;
        return true;
    }

    /// <summary>Makes the vectors of an item that nobody has touched.</summary>
    /// <param name="key">The item.</param>
    /// <returns>False where its attributes say nothing.</returns>
    public bool ComputeUntouched(ItemKey key)
    {
        if (!TryReadAttributes(key)) return false;
        _attributeInput.CopyTo(_input, 0);
        _attributeOutput.CopyTo(_output, 0);
        // Not all in one point: an index links items that are apart, and one of many alike would stand for all.
        var random = new Random(key.Value);
        Stir(random, _input);
        Stir(random, _output);
        if (!_inputs.Place(_input, 1) || !_outputs.Place(_output, 1)) return false;
        PlaceSimilarity(1);
        return true;
    }

    /// <summary>Makes the vectors of an item.</summary>
    /// <param name="item">The item, with a context at least.</param>
    /// <param name="options">How much they are refined.</param>
    /// <returns>False where its contexts cancel out: then it has no direction.</returns>
    public bool Compute(FoldInItem item, FoldInOptions options)
    {
        var count = Math.Max(1, item.Count);
        var assumed = count * options.CountFactor;
        var described = options.AttributeWeight > 0 && TryReadAttributes(item.Key);
        // W1 predicts what comes after, W2 is predicted from what comes before; the other pairs weigh less.
        if (!Solve(item, options, isInput: true, _inputs, assumed, described ? _attributeInput : null, _input)) return false;
        if (!Solve(item, options, isInput: false, _outputs, assumed, described ? _attributeOutput : null, _output)) return false;
        PlaceSimilarity(count);
        return true;
    }

    /// <summary>Where similar items are searched, as <see cref="GenerationInfo.VectorSource"/> says.</summary>
    private void PlaceSimilarity(long count)
    {
        if (_generation.Info.VectorSource == SimilarVectors.Output) _output.CopyTo(_similarity, 0);
        else if (_generation.Info.VectorSource == SimilarVectors.Sum) TensorPrimitives.Add(_input, _output, _similarity);
        else _projection?.Place(_input, _output, count, _shrinkage, _similarity);
    }

    private bool TryReadAttributes(ItemKey key) =>
        _attributes is { Count: > 0 } attributes
        && _catalog.EntryOf(key) is { Attributes.Length: > 0 } entry
        && attributes.TryMake(entry.Decode(), _attributeInput, _attributeOutput);

    private static void Stir(Random random, Span<float> row)
    {
        var each = Apart * MathF.Sqrt(3f / row.Length);
        foreach (ref var value in row) value += each * ((2 * random.NextSingle()) - 1);
    }

    private bool Solve(FoldInItem item, FoldInOptions options, bool isInput, RowProfile profile, double count, float[]? attributes, Span<float> row)
    {
        row.Clear();
        foreach (var context in item.Contexts)
        {
            var own = isInput ? _generation.InputOf(context.Item) : _generation.OutputOf(context.Item);
            var norm = TensorPrimitives.Norm(own);
            if (norm > 0) TensorPrimitives.MultiplyAdd(own, context.Weight / norm, row, row);
        }

        if (attributes is not null) TensorPrimitives.MultiplyAdd(attributes, (float)options.AttributeWeight, row, row);

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

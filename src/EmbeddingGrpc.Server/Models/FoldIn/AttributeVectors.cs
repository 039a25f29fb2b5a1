using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>
/// The directions of the trained items that share an attribute: from them an item that nobody has touched yet gets its own (as side information does in
/// Wang et al. 2018, arXiv:1803.02349, section 3.3, there trained with the items). Immutable after construction; one thread reads, which keeps its scratch.
/// </summary>
/// <remarks>
/// Learned from vectors that are there, not with them: a generation needs no second training for it, catalogues may change at any time, and imported
/// vectors have it too. A mean of directions is the shorter the less its items agree, so that what says little (a genre of a thousand films) weighs
/// little beside what says much (a brand), without a weight to be learned.
/// </remarks>
internal sealed class AttributeVectors
{
    // What one item has is its name, not a kind of items.
    private const int FewestItems = 2;

    // 64 MB of the most frequent ones; of a catalogue with more, the others say little about many.
    private const int MostValues = 1 << 24;

    // As if so many items of no direction had it too: a mean of two or three is mostly chance.
    private const float Doubt = 3;

    private readonly int _dimension;
    private readonly Dictionary<ulong, int> _placeOf = [];
    private readonly float[] _means;
    private readonly List<ulong> _features = [];

    private AttributeVectors(int dimension, Dictionary<ulong, int> placeOf)
    {
        (_dimension, _placeOf) = (dimension, placeOf);
        _means = new float[2 * dimension * placeOf.Count];
    }

    /// <summary>Features that have a direction.</summary>
    public int Count => _placeOf.Count;

    /// <summary>Learns from the items of a generation's base that are in the catalogue.</summary>
    /// <param name="generation">Leased by the caller.</param>
    /// <param name="catalog">Of the generation's model.</param>
    /// <param name="inputs">What W1 rows share.</param>
    /// <param name="outputs">What W2 rows share.</param>
    /// <param name="cancellationToken">Checked between items.</param>
    public static AttributeVectors Learn(
        Generation generation, ItemCatalog catalog, RowProfile inputs, RowProfile outputs, CancellationToken cancellationToken)
    {
        var vectors = new AttributeVectors(generation.Input.Dimension, Frequent(generation, catalog, cancellationToken));
        if (vectors.Count == 0) return vectors;
        var (input, output) = (new float[vectors._dimension], new float[vectors._dimension]);
        var weights = new float[vectors.Count];
        foreach (var (item, attributes) in Known(generation, catalog, cancellationToken))
        {
            generation.Input[item].CopyTo(input);
            generation.Output[item].CopyTo(output);
            if (!inputs.TakeDirection(input) || !outputs.TakeDirection(output)) continue;
            // Of an item seen once the direction is half chance.
            var count = generation.Vocabulary.CountOf(item);
            var weight = (float)count / (count + 1);
            AttributeFeatures.Read(attributes, vectors._features);
            foreach (var feature in vectors._features)
            {
                if (!vectors._placeOf.TryGetValue(feature, out var place)) continue;
                weights[place] += weight;
                TensorPrimitives.MultiplyAdd(input, weight, vectors.Input(place), vectors.Input(place));
                TensorPrimitives.MultiplyAdd(output, weight, vectors.Output(place), vectors.Output(place));
            }
        }

        for (var place = 0; place < weights.Length; place++)
        {
            TensorPrimitives.Divide(vectors.Input(place), weights[place] + Doubt, vectors.Input(place));
            TensorPrimitives.Divide(vectors.Output(place), weights[place] + Doubt, vectors.Output(place));
        }

        return vectors;
    }

    /// <summary>Adds up what an item's attributes say.</summary>
    /// <param name="attributes">The item's.</param>
    /// <param name="input">[dimension]; overwritten with a direction of W1 rows, of length 1.</param>
    /// <param name="output">[dimension]; overwritten with a direction of W2 rows, of length 1.</param>
    /// <returns>False where they say nothing.</returns>
    public bool TryMake(IReadOnlyDictionary<string, AttributeValue> attributes, Span<float> input, Span<float> output)
    {
        input.Clear();
        output.Clear();
        AttributeFeatures.Read(attributes, _features);
        foreach (var feature in _features)
        {
            if (!_placeOf.TryGetValue(feature, out var place)) continue;
            TensorPrimitives.Add(input, Input(place), input);
            TensorPrimitives.Add(output, Output(place), output);
        }

        return Normalize(input) && Normalize(output);
    }

    private static Dictionary<ulong, int> Frequent(Generation generation, ItemCatalog catalog, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<ulong, int>();
        var features = new List<ulong>();
        foreach (var (_, attributes) in Known(generation, catalog, cancellationToken))
        {
            AttributeFeatures.Read(attributes, features);
            foreach (var feature in features) CollectionsMarshal.GetValueRefOrAddDefault(counts, feature, out _)++;
        }

        var frequent = counts.Where(feature => feature.Value >= FewestItems).OrderByDescending(feature => feature.Value).ThenBy(feature => feature.Key)
            .Take(MostValues / (2 * generation.Input.Dimension));
        return frequent.Select((feature, place) => (feature.Key, place)).ToDictionary(feature => feature.Key, feature => feature.place);
    }

    private static IEnumerable<(ItemOrdinal Item, IReadOnlyDictionary<string, AttributeValue> Attributes)> Known(
        Generation generation, ItemCatalog catalog, CancellationToken cancellationToken)
    {
        for (var row = 0; row < generation.Vocabulary.Count && catalog.Count > 0; row++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var item = new ItemOrdinal(row);
            if (generation.TryGetKey(item, out var key) && catalog.EntryOf(key) is { Attributes.Length: > 0 } entry) yield return (item, entry.Decode());
        }
    }

    private static bool Normalize(Span<float> row)
    {
        var length = TensorPrimitives.Norm(row);
        if (!(length > 1e-6f)) return false;
        TensorPrimitives.Divide(row, length, row);
        return true;
    }

    private Span<float> Input(int place) => _means.AsSpan(2 * place * _dimension, _dimension);

    private Span<float> Output(int place) => _means.AsSpan(((2 * place) + 1) * _dimension, _dimension);
}

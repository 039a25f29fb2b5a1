using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>
/// Asks embeddings as a recall does, by an exact scan: the W1 rows of a history at unit length, the newest weighing most, against W2; where W2 has no row an
/// item, against W1 by cosine. The caller keeps the tables alive.
/// </summary>
public sealed class EmbeddingRecommender : IRecommender
{
    private const int HistoryItems = 50;

    private readonly VectorTable _input;
    private readonly VectorTable _output;

    // One over the length of each row of W1 where that is what is searched; else null.
    private readonly float[]? _scales;
    private readonly IReadOnlyList<EvaluatedVector> _folded;
    private readonly int[] _ordinalOf;
    private readonly int[] _itemOf;
    private readonly double _recencyExponent;
    private readonly float[] _query;
    private readonly PriorityQueue<int, float> _best = new();

    /// <summary>Puts a recommender over vectors.</summary>
    /// <param name="name">What it is called in reports.</param>
    /// <param name="vocabulary">The items in the order of the rows.</param>
    /// <param name="input">W1, [items, dimension].</param>
    /// <param name="output">W2, [items, dimension]; null where its rows are no items, as with a hierarchical softmax.</param>
    /// <param name="folded">Items beside those; none without W2.</param>
    /// <param name="heldOut">What will be asked; items that do not occur in it are not recommended.</param>
    /// <param name="options">How much recent items of a history weigh.</param>
    public EmbeddingRecommender(
        string name,
        Vocabulary vocabulary,
        VectorTable input,
        VectorTable? output,
        IReadOnlyList<EvaluatedVector> folded,
        HeldOut heldOut,
        EvaluationOptions options)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(folded);
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentNullException.ThrowIfNull(options);
        Name = name;
        _input = input;
        _output = output ?? input;
        _scales = output is null ? InverseLengthsOf(input) : null;
        _folded = folded;
        _recencyExponent = options.RecencyExponent;
        _query = new float[input.Dimension];
        int[] foldedItems = [.. folded.Select(item => heldOut.TryGetItem(item.ItemId, out int number) ? number : -1)];
        _itemOf = [.. ItemNumbers.Of(vocabulary, heldOut), .. foldedItems];
        _ordinalOf = new int[heldOut.ItemCount];
        Array.Fill(_ordinalOf, -1);
        for (int ordinal = 0; ordinal < _itemOf.Length; ordinal++)
        {
            // An item without an interaction before the cut is not a candidate of anyone, or models of different age would not be asked the same.
            if (_itemOf[ordinal] >= 0 && heldOut.CountOf(_itemOf[ordinal]) == 0)
            {
                _itemOf[ordinal] = -1;
            }

            if (_itemOf[ordinal] >= 0)
            {
                _ordinalOf[_itemOf[ordinal]] = ordinal;
            }
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool IsCold(int item) => _ordinalOf[item] >= _input.Rows;

    /// <inheritdoc/>
    public int Recommend(IReadOnlyList<int> history, Span<int> recommended)
    {
        if (!MakeQuery(history))
        {
            return 0;
        }

        var seen = history.ToHashSet();
        _best.Clear();
        for (int ordinal = 0; ordinal < _itemOf.Length; ordinal++)
        {
            if (_itemOf[ordinal] < 0)
            {
                continue;
            }

            float score = TensorPrimitives.Dot(_query, OutputOf(ordinal)) * (_scales is null ? 1 : _scales[ordinal]);
            if (_best.Count < recommended.Length)
            {
                if (!seen.Contains(_itemOf[ordinal]))
                {
                    _best.Enqueue(_itemOf[ordinal], score);
                }
            }
            else if (_best.TryPeek(out _, out float least) && score > least && !seen.Contains(_itemOf[ordinal]))
            {
                _best.EnqueueDequeue(_itemOf[ordinal], score);
            }
        }

        int count = _best.Count;
        for (int place = count - 1; place >= 0; place--)
        {
            recommended[place] = _best.Dequeue();
        }

        return count;
    }

    private bool MakeQuery(IReadOnlyList<int> history)
    {
        _query.AsSpan().Clear();
        var pulled = new HashSet<int>();
        for (int place = history.Count - 1; place >= 0 && pulled.Count < HistoryItems; place--)
        {
            int ordinal = _ordinalOf[history[place]];
            if (ordinal < 0 || !pulled.Add(ordinal))
            {
                continue;
            }

            var row = ordinal < _input.Rows ? _input[new ItemOrdinal(ordinal)] : _folded[ordinal - _input.Rows].Input;
            float length = TensorPrimitives.Norm(row);
            if (length > 0)
            {
                TensorPrimitives.MultiplyAdd(row, (float)Math.Pow(pulled.Count, -_recencyExponent) / length, _query, _query);
            }
        }

        return pulled.Count > 0;
    }

    private static float[] InverseLengthsOf(VectorTable table)
    {
        var inverse = new float[table.Rows];
        for (int row = 0; row < inverse.Length; row++)
        {
            float length = TensorPrimitives.Norm(table[new ItemOrdinal(row)]);
            inverse[row] = length > 0 ? 1 / length : 0;
        }

        return inverse;
    }

    private ReadOnlySpan<float> OutputOf(int ordinal) =>
        ordinal < _output.Rows ? _output[new ItemOrdinal(ordinal)] : _folded[ordinal - _output.Rows].Output;
}

using System.Numerics;
using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>
/// What rows of a table are like, by how often their items were seen: how far they go along the direction that what they are multiplied with shares,
/// and how long the rest of them is. Immutable.
/// </summary>
/// <remarks>
/// By products, a row that goes along what all queries share is near to every one of them, and so is a long one. Training pushes rare items against that
/// direction, with tens of negative samples for each of their few positives. A new item is made of the rows of the items around it, which are mostly popular
/// and lie along it: with the mean of those, new items were 98% of all lists of MovieLens-small. So a new item's row is given the place of trained items as
/// rare as itself in both respects, and only its direction among what remains is its own.
/// </remarks>
internal sealed class RowProfile
{
    private const int Buckets = 64;

    // Enough for a mean of each bucket that is off by a few percent at most.
    private const int MostRows = 1 << 18;

    private readonly float[] _shared;
    private readonly List<Knot> _knots = [];

    /// <summary>Measures a table.</summary>
    /// <param name="table">[items, dimension].</param>
    /// <param name="partners">What its rows are multiplied with, [items, dimension].</param>
    /// <param name="vocabulary">The items in the order of the rows of both.</param>
    public RowProfile(VectorTable table, VectorTable partners, Vocabulary vocabulary)
    {
        _shared = SharedDirection(partners, vocabulary);
        var buckets = new (double Count, double Along, double Own, long Items)[Buckets];
        var step = Math.Max(1, table.Rows / MostRows);
        for (var row = 0; row < table.Rows; row += step)
        {
            var item = new ItemOrdinal(row);
            var count = Math.Max(1, vocabulary.CountOf(item));
            var along = RowMath.Dot(_shared, table[item]);
            ref var bucket = ref buckets[BitOperations.Log2((ulong)count)];
            bucket.Count += Math.Log2(count);
            bucket.Along += along;
            bucket.Own += Math.Sqrt(Math.Max(0, RowMath.Dot(table[item], table[item]) - (along * along)));
            bucket.Items++;
        }

        foreach (var (count, along, own, items) in buckets)
            if (items > 0) _knots.Add(new Knot(count / items, (float)(along / items), (float)(own / items)));
    }

    /// <summary>Leaves of a row what is its own: its direction among what is not shared, of length 1.</summary>
    /// <returns>False where it has no such direction.</returns>
    public bool TakeDirection(Span<float> row)
    {
        TensorPrimitives.MultiplyAdd(_shared, -TensorPrimitives.Dot(_shared, row), row, row);
        var length = TensorPrimitives.Norm(row);
        if (!(length > 1e-12f) || !float.IsFinite(length)) return false;
        TensorPrimitives.Divide(row, length, row);
        return true;
    }

    /// <summary>Gives a row the place of items that were seen about as often; its direction among what is not shared stays.</summary>
    /// <param name="row">[dimension].</param>
    /// <param name="count">How often its item was seen, or is taken to be.</param>
    /// <returns>False where it has no such direction.</returns>
    public bool Place(Span<float> row, double count)
    {
        if (_knots.Count == 0 || !TakeDirection(row)) return false;
        var place = PlaceOf(count);
        TensorPrimitives.Multiply(row, place.Own, row);
        TensorPrimitives.MultiplyAdd(_shared, place.Along, row, row);
        return true;
    }

    /// <summary>Between two knots in proportion, so that a little more is never a leap; beyond the outer ones like those.</summary>
    private Knot PlaceOf(double count)
    {
        var logarithm = Math.Log2(Math.Max(1, count));
        var next = _knots.FindIndex(knot => knot.Logarithm >= logarithm);
        if (next < 0) return _knots[^1];
        if (next == 0) return _knots[0];
        var (below, above) = (_knots[next - 1], _knots[next]);
        var share = (float)((logarithm - below.Logarithm) / (above.Logarithm - below.Logarithm));
        return new Knot(logarithm, below.Along + (share * (above.Along - below.Along)), below.Own + (share * (above.Own - below.Own)));
    }

    /// <summary>The mean of the rows at unit length, each as often as its item is seen; zero where there is none.</summary>
    private static float[] SharedDirection(VectorTable table, Vocabulary vocabulary)
    {
        var sum = new double[table.Dimension];
        for (var row = 0; row < table.Rows; row++)
        {
            var item = new ItemOrdinal(row);
            var length = RowMath.Norm(table[item]);
            if (length > 0) RowMath.AddScaled(table[item], vocabulary.CountOf(item) / (double)length, sum);
        }

        var norm = Math.Sqrt(sum.Sum(value => value * value));
        return [.. sum.Select(value => norm > 1e-12 ? (float)(value / norm) : 0)];
    }

    /// <summary>The mean of the items whose counts have the same power of two.</summary>
    private readonly record struct Knot(double Logarithm, float Along, float Own);
}

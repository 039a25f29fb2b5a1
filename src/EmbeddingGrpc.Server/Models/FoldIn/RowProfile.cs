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
    private readonly float[] _along = new float[Buckets];
    private readonly float[] _rest = new float[Buckets];

    /// <summary>Measures a table.</summary>
    /// <param name="table">[items, dimension].</param>
    /// <param name="partners">What its rows are multiplied with, [items, dimension].</param>
    /// <param name="vocabulary">The items in the order of the rows of both.</param>
    public RowProfile(VectorTable table, VectorTable partners, Vocabulary vocabulary)
    {
        _shared = SharedDirection(partners, vocabulary);
        var sums = new (double Along, double Length)[Buckets];
        var counts = new long[Buckets];
        var step = Math.Max(1, table.Rows / MostRows);
        for (var row = 0; row < table.Rows; row += step)
        {
            var item = new ItemOrdinal(row);
            var bucket = BucketOf(vocabulary.CountOf(item));
            var along = TensorPrimitives.Dot(_shared, table[item]);
            sums[bucket].Along += along;
            sums[bucket].Length += Math.Sqrt(Math.Max(0, TensorPrimitives.SumOfSquares(table[item]) - (along * along)));
            counts[bucket]++;
        }

        // A count that no item has is like the nearest lower one that some have, else the nearest higher one.
        var known = Array.FindIndex(counts, count => count > 0);
        for (var bucket = 0; bucket < Buckets && known >= 0; bucket++)
        {
            if (counts[bucket] > 0) known = bucket;
            _along[bucket] = (float)(sums[known].Along / counts[known]);
            _rest[bucket] = (float)(sums[known].Length / counts[known]);
        }
    }

    /// <summary>Gives a row the place of items that were seen about as often; its direction among what is not shared stays.</summary>
    /// <param name="row">[dimension].</param>
    /// <param name="count">How often its item was seen.</param>
    /// <returns>False where it has no such direction.</returns>
    public bool Place(Span<float> row, long count)
    {
        var bucket = BucketOf(count);
        TensorPrimitives.MultiplyAdd(_shared, -TensorPrimitives.Dot(_shared, row), row, row);
        var length = TensorPrimitives.Norm(row);
        if (!(length > 1e-12f) || !float.IsFinite(length)) return false;
        TensorPrimitives.Multiply(row, _rest[bucket] / length, row);
        TensorPrimitives.MultiplyAdd(_shared, _along[bucket], row, row);
        return true;
    }

    private static int BucketOf(long count) => BitOperations.Log2((ulong)Math.Max(1, count));

    /// <summary>The mean of the rows at unit length, each as often as its item is seen; zero where there is none.</summary>
    private static float[] SharedDirection(VectorTable table, Vocabulary vocabulary)
    {
        var sum = new double[table.Dimension];
        for (var row = 0; row < table.Rows; row++)
        {
            var item = new ItemOrdinal(row);
            var length = TensorPrimitives.Norm(table[item]);
            if (!(length > 0)) continue;
            var weight = vocabulary.CountOf(item) / length;
            for (var d = 0; d < sum.Length; d++) sum[d] += weight * table[item][d];
        }

        var norm = Math.Sqrt(sum.Sum(value => value * value));
        return [.. sum.Select(value => norm > 1e-12 ? (float)(value / norm) : 0)];
    }
}

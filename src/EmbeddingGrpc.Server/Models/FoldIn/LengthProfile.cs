using System.Numerics;
using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>How long the rows of a table are, by how often their items were seen. Immutable.</summary>
/// <remarks>
/// By products a long row is near to everything. A new item whose row were as long as those of the popular items around it would be in lists that have
/// nothing to do with it; at the length of items that were seen as rarely it stands where training would have let it stand by now.
/// </remarks>
internal sealed class LengthProfile
{
    private const int Buckets = 64;

    // Enough for a mean of each bucket that is off by a few percent at most.
    private const int MostRows = 1 << 18;

    private readonly float[] _lengths = new float[Buckets];

    /// <summary>Measures a table.</summary>
    /// <param name="table">[items, dimension].</param>
    /// <param name="vocabulary">The items in the order of the rows.</param>
    public LengthProfile(VectorTable table, Vocabulary vocabulary)
    {
        var sums = new double[Buckets];
        var counts = new long[Buckets];
        var step = Math.Max(1, table.Rows / MostRows);
        for (var row = 0; row < table.Rows; row += step)
        {
            var item = new ItemOrdinal(row);
            var bucket = BitOperations.Log2((ulong)vocabulary.CountOf(item));
            sums[bucket] += TensorPrimitives.Norm(table[item]);
            counts[bucket]++;
        }

        // A count that no item has is like the nearest lower one that some have, else the nearest higher one.
        var last = -1;
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (counts[bucket] > 0)
            {
                var mean = (float)(sums[bucket] / counts[bucket]);
                if (last < 0) _lengths.AsSpan(0, bucket).Fill(mean);
                _lengths[bucket] = mean;
                last = bucket;
            }
            else if (last >= 0)
            {
                _lengths[bucket] = _lengths[last];
            }
        }
    }

    /// <summary>The mean length of the rows of items that were seen about this often.</summary>
    public float LengthOf(long count) => _lengths[BitOperations.Log2((ulong)Math.Max(1, count))];
}

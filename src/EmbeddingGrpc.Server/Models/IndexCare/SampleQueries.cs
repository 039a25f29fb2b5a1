using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>Queries such as recalls make them, from a generation's own rows: what its indexes are calibrated and measured with. Stateless.</summary>
internal static class SampleQueries
{
    /// <summary>Enough for a calibration.</summary>
    public const int Most = 512;

    private const int LongestMixture = 8;

    /// <summary>Queries of the index of similar items: rows of it, as an item query asks with them.</summary>
    /// <param name="rows">[items, dimension].</param>
    /// <param name="hasDoubt">Whether their last value is doubt, which queries do without: <see cref="SimilaritySpace"/>.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="shift">Which of them: other ones for other numbers.</param>
    public static VectorTable ForSimilar(VectorTable rows, bool hasDoubt, int count, int shift)
    {
        var queries = new EmbeddingMatrix(Math.Min(count, rows.Rows), rows.Dimension);
        for (var query = 0; query < queries.Rows; query++)
        {
            var row = queries[new ItemOrdinal(query)];
            rows[Spread(query, queries.Rows, rows.Rows, shift)].CopyTo(row);
            if (hasDoubt) SimilaritySpace.ClearDoubt(row);
        }

        return VectorTable.FromMatrix(queries);
    }

    /// <summary>
    /// Queries of the index of next items: W1 rows at unit length, every second time those of one item alone, else a mean of several that weigh less the
    /// older they are, as histories and sessions are mixed.
    /// </summary>
    /// <inheritdoc cref="ForSimilar"/>
    public static VectorTable ForNext(VectorTable rows, int count, int shift)
    {
        var queries = new EmbeddingMatrix(Math.Min(count, rows.Rows), rows.Dimension);
        for (var query = 0; query < queries.Rows; query++)
        {
            var mixed = queries[new ItemOrdinal(query)];
            var items = query % 2 == 0 ? 1 : 2 + (query / 2 % (LongestMixture - 1));
            for (var place = 0; place < items; place++)
            {
                var row = rows[Spread(query + (place * 97), queries.Rows, rows.Rows, shift + (place * 7919))];
                var length = TensorPrimitives.Norm(row);
                if (length > 0) TensorPrimitives.MultiplyAdd(row, 1 / (length * (place + 1)), mixed, mixed);
            }
        }

        return VectorTable.FromMatrix(queries);
    }

    private static ItemOrdinal Spread(int query, int queries, int rows, int shift) =>
        new((int)((((long)query * rows / queries) + shift) % rows));
}

using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Measures an index against exact search. Stateless.</summary>
internal static class IndexRecall
{
    private const int K = 10;
    private const int MaximumQueries = 256;
    private const int MinimumQueries = 16;

    // A scan scores every row for each query, all queries in one pass over the rows: about a second of one processor, whatever the size.
    private const long MultiplicationsBudget = 4_000_000_000;

    /// <summary>One way to search.</summary>
    public delegate int Searcher(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken);

    /// <summary>The exact way for many queries: results [queries, count], best first, and of each how many were found.</summary>
    public delegate void Scanner(VectorTable queries, SearchParameters parameters, Neighbor[] results, int[] counts, CancellationToken cancellationToken);

    /// <summary>Recall@10 of an index with its default effort, over queries spread evenly over the items.</summary>
    /// <param name="index">The index.</param>
    /// <param name="vectors">What it indexes.</param>
    /// <param name="queries">Rows to ask with: the same items as <paramref name="vectors"/>.</param>
    /// <param name="cancellationToken">Checked between queries.</param>
    /// <returns>0..1; 1 for exact search and for no items at all.</returns>
    public static double Measure(IVectorIndex index, VectorTable vectors, VectorTable queries, CancellationToken cancellationToken)
    {
        if (index is ExactIndex || vectors.Rows == 0) return 1;
        using var exact = new ExactIndex(vectors, index.Metric);
        return Measure(index.Search, Scan, vectors.Rows, queries, new SearchParameters(K), cancellationToken);

        void Scan(VectorTable asked, SearchParameters parameters, Neighbor[] results, int[] counts, CancellationToken token) =>
            exact.SearchAll(asked, parameters.Count, parameters.Filter, results, counts, threads: 1, token);
    }

    /// <summary>Recall@10 of a search against an exact one.</summary>
    /// <param name="search">What is measured.</param>
    /// <param name="exact">The truth.</param>
    /// <param name="rows">Rows that the exact search looks at: where they are many, fewer queries are asked.</param>
    /// <param name="queries">What to ask; some of them, spread evenly.</param>
    /// <param name="parameters">How <paramref name="search"/> searches.</param>
    /// <param name="cancellationToken">Checked between blocks of rows and between queries.</param>
    /// <returns>0..1; 1 where there is nothing to find.</returns>
    public static double Measure(
        Searcher search, Scanner exact, int rows, VectorTable queries, in SearchParameters parameters, CancellationToken cancellationToken)
    {
        var affordable = MultiplicationsBudget / Math.Max(1, (long)rows * queries.Dimension);
        var count = (int)Math.Min(queries.Rows, Math.Clamp(affordable, MinimumQueries, MaximumQueries));
        using var asked = Spread(queries, count);
        var right = new Neighbor[count * K];
        var counts = new int[count];
        exact(asked, new SearchParameters(K, Filter: parameters.Filter), right, counts, cancellationToken);
        Span<Neighbor> found = stackalloc Neighbor[K];
        long hits = 0, possible = 0;
        for (var query = 0; query < count; query++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var answer = found[..search(asked[new ItemOrdinal(query)], parameters, found, cancellationToken)];
            possible += counts[query];
            hits += Hits(answer, right.AsSpan(query * K, counts[query]));
        }

        return possible == 0 ? 1 : (double)hits / possible;
    }

    private static VectorTable Spread(VectorTable queries, int count)
    {
        var some = new EmbeddingMatrix(count, queries.Dimension);
        for (var query = 0; query < count; query++) queries[new ItemOrdinal((int)((long)query * queries.Rows / count))].CopyTo(some[new ItemOrdinal(query)]);
        return VectorTable.FromMatrix(some);
    }

    /// <summary>Answers as near as the furthest right one are right too: items with equal vectors may come in any order.</summary>
    private static int Hits(ReadOnlySpan<Neighbor> answer, ReadOnlySpan<Neighbor> right)
    {
        if (right.IsEmpty) return 0;
        var bound = right[^1].Score - (1e-5f * Math.Max(1, Math.Abs(right[^1].Score)));
        var hits = 0;
        foreach (var neighbor in answer)
        {
            if (neighbor.Score >= bound) hits++;
        }

        return Math.Min(hits, right.Length);
    }
}

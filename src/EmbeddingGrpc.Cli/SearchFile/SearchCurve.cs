using System.Diagnostics;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Cli.SearchFile;

/// <summary>Measures searches of an index over a set of queries against exact search.</summary>
/// <param name="index">What is measured.</param>
/// <param name="queries">[queries, dimension].</param>
/// <param name="k">Neighbours wanted.</param>
internal sealed class SearchCurve(IVectorIndex index, VectorTable queries, int k)
{
    private const int Passes = 3;

    /// <summary>Searching before the first measurement, so that it does not measure the compiler.</summary>
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromSeconds(0.5);

    private readonly int _k = Math.Min(k, index.Count);
    private bool _warm;

    /// <summary>The true nearest rows of every query, [queries, k] with fewer where there are fewer rows; found on all processors.</summary>
    public Neighbor[] FindExact(VectorTable rows, CancellationToken cancellationToken)
    {
        using var exact = new ExactIndex(rows, index.Metric);
        return exact.SearchAll(queries, _k, cancellationToken: cancellationToken);
    }

    /// <summary>Measures one point.</summary>
    /// <param name="ef">Size of the candidate pool.</param>
    /// <param name="truth">What <see cref="FindExact"/> found.</param>
    /// <param name="found">[queries, k], overwritten.</param>
    /// <param name="cancellationToken">Checked between passes.</param>
    public CurvePointDocument Measure(int ef, ReadOnlySpan<Neighbor> truth, Neighbor[] found, CancellationToken cancellationToken)
    {
        WarmUp(ef, found, cancellationToken);
        var seconds = new double[Passes];
        for (var pass = 0; pass < Passes; pass++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var started = Stopwatch.GetTimestamp();
            Search(ef, found, cancellationToken);
            seconds[pass] = Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
        Array.Sort(seconds);
        return new CurvePointDocument(ef, Math.Round(Recall(truth, found), 5), Math.Round(queries.Rows / seconds[Passes / 2], 1));
    }

    private void WarmUp(int ef, Neighbor[] found, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            Search(ef, found, cancellationToken);
        }
        while (!_warm && Stopwatch.GetElapsedTime(started) < FirstWarmUp);
        _warm = true;
    }

    private void Search(int ef, Neighbor[] found, CancellationToken cancellationToken)
    {
        for (var query = 0; query < queries.Rows; query++)
        {
            var count = index.Search(
                queries[new ItemOrdinal(query)], new SearchParameters(_k, ef), found.AsSpan(query * _k, _k), cancellationToken);
            if (count != _k) throw new InvalidOperationException($"Query {query} found {count} of {_k} neighbours.");
        }
    }

    private double Recall(ReadOnlySpan<Neighbor> truth, ReadOnlySpan<Neighbor> found)
    {
        long hits = 0;
        for (var query = 0; query < queries.Rows; query++)
        {
            // A row as near as the last true one is as good an answer, whichever it is.
            var limit = truth[((query + 1) * _k) - 1].Score;
            foreach (var neighbor in found.Slice(query * _k, _k))
            {
                if (neighbor.Score >= limit) hits++;
            }
        }
        return hits / (double)(queries.Rows * (long)_k);
    }
}

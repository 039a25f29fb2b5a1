using BenchmarkDotNet.Attributes;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Benchmarks.Indexing;

/// <summary>
/// Whole searches of 50,000 clustered rows of 100 values, for ten neighbours. <c>embedctl search-file</c> measures recall beside speed, on rows
/// of one's own.
/// </summary>
public class SearchBenchmark
{
    private const int Rows = 50_000;
    private const int Dimension = 100;
    private const int Clusters = 1000;
    private const int Queries = 1024;

    private readonly Neighbor[] _found = new Neighbor[10];
    private VectorTable _table = null!;
    private VectorTable _queries = null!;
    private HnswIndex _index = null!;
    private int _next;

    /// <summary>Size of the candidate pool.</summary>
    [Params(64, 256)]
    public int Ef { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _table = Clustered(Rows, seed: 1);
        _queries = Clustered(Queries, seed: 2);
        _index = HnswIndex.Build(_table, SimilarityMetric.Cosine, new HnswOptions());
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _index.Dispose();
        _queries.Dispose();
        _table.Dispose();
    }

    [Benchmark(Baseline = true)]
    public int All() => Search(filter: null);

    /// <summary>Half of the items may be answered.</summary>
    [Benchmark]
    public int Half() => Search(new OneOf(2));

    /// <summary>One in a hundred may: fewer than are worth a walk, so they are scanned.</summary>
    [Benchmark]
    public int OneInAHundred() => Search(new OneOf(100));

    private int Search(IItemFilter? filter) =>
        _index.Search(_queries[new ItemOrdinal(_next = (_next + 1) % Queries)], new SearchParameters(_found.Length, Ef, filter), _found);

    private static VectorTable Clustered(int count, int seed)
    {
        var centers = new Random(0);
        var center = new float[Clusters * Dimension];
        for (var i = 0; i < center.Length; i++) center[i] = centers.NextSingle() - 0.5f;
        var random = new Random(seed);
        var rows = new EmbeddingMatrix(count, Dimension);
        for (var row = 0; row < count; row++)
        {
            var cluster = random.Next(Clusters);
            var values = rows[new ItemOrdinal(row)];
            for (var i = 0; i < Dimension; i++) values[i] = center[(cluster * Dimension) + i] + (0.6f * (random.NextSingle() - 0.5f));
        }

        return VectorTable.FromMatrix(rows);
    }

    private sealed class OneOf(int number) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => item.Value % number == 0;
    }
}

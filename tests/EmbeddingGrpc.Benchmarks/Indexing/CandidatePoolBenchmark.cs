using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using EmbeddingGrpc.Indexing.Hnsw;

namespace EmbeddingGrpc.Benchmarks.Indexing;

/// <summary>What a walk does with the keys that it computed: keep the best, and expand the nearest that was not. The sorted array against two heaps.</summary>
public unsafe class CandidatePoolBenchmark
{
    private const int Visited = 3000;
    private const int Expanded = 100;

    private int[] _keys = [];
    private long* _entries;

    /// <summary>Size of the pool.</summary>
    [Params(64, 128, 512)]
    public int Ef { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        // As in a walk: what comes later is nearer, and most of it is not near enough.
        _keys = [.. Enumerable.Range(0, Visited).Select(i => (int)(random.NextDouble() * random.NextDouble() * 1_000_000 * (1 + (100.0 / (1 + i)))))];
        _entries = (long*)NativeMemory.AlignedAlloc((nuint)(Ef + CandidatePool.Lanes) * sizeof(long), 64);
    }

    [GlobalCleanup]
    public void Cleanup() => NativeMemory.AlignedFree(_entries);

    /// <summary>Two heaps, as HNSW is written down and hnswlib does it.</summary>
    [Benchmark(Baseline = true)]
    public int Heaps()
    {
        var open = new PriorityQueue<int, int>(Ef);
        var best = new PriorityQueue<int, int>(Ef);
        var sum = 0;
        for (var i = 0; i < Visited; i++)
        {
            if (best.Count < Ef)
            {
                best.Enqueue(i, -_keys[i]);
                open.Enqueue(i, _keys[i]);
            }
            else if (best.TryPeek(out _, out var worst) && _keys[i] < -worst)
            {
                best.EnqueueDequeue(i, -_keys[i]);
                open.Enqueue(i, _keys[i]);
            }

            if (i % (Visited / Expanded) == 0 && open.TryDequeue(out var node, out _)) sum += node;
        }

        return sum;
    }

    /// <summary>The pool.</summary>
    [Benchmark]
    public int SortedArray()
    {
        var pool = new CandidatePool(_entries + CandidatePool.Lanes, Ef);
        var sum = 0;
        for (var i = 0; i < Visited; i++)
        {
            var entry = CandidatePool.Entry(_keys[i], i);
            if (entry < pool.Worst) pool.Insert(entry);
            if (i % (Visited / Expanded) == 0) sum += pool.Expand(int.MaxValue, long.MaxValue);
        }

        return sum;
    }
}

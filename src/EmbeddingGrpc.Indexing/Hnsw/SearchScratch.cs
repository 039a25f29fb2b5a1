using System.Runtime.InteropServices;
using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Everything that one search writes to: rented from a <see cref="ScratchPool"/>, used by one thread at a time, grown when needed.</summary>
internal sealed unsafe class SearchScratch : IDisposable
{
    private ulong* _marks;
    private uint* _log;
    private long _nodeCapacity;
    private long* _candidates;
    private int _candidateCapacity;
    private long* _accepted;
    private int _acceptedCapacity;
    private uint* _batch;
    private int _batchCapacity;

    /// <summary>Allocates the parts whose size is known.</summary>
    /// <param name="rowStride">Floats of a padded row.</param>
    /// <param name="codeStride">Bytes of an encoded query, at least.</param>
    public SearchScratch(int rowStride, int codeStride)
    {
        Query = (float*)Allocate(rowStride * sizeof(float));
        NativeMemory.Clear(Query, (nuint)rowStride * sizeof(float));
        Transformed = (float*)Allocate(Math.Max(rowStride, codeStride) * sizeof(float));
        QueryCodes = (sbyte*)Allocate(codeStride);
        OtherCodes = (sbyte*)Allocate(codeStride);
    }

    /// <summary>Frees the memory of a scratch that its owner lost.</summary>
    ~SearchScratch() => Free();

    /// <summary>[row stride], the padding zero.</summary>
    public float* Query { get; }

    /// <summary>[code stride], for a codec to work in.</summary>
    public float* Transformed { get; }

    /// <summary>[code stride], the query of a walk.</summary>
    public sbyte* QueryCodes { get; }

    /// <summary>[code stride], a row that is compared with others.</summary>
    public sbyte* OtherCodes { get; }

    /// <summary>Nodes whose keys are wanted together.</summary>
    public uint* Batch => _batch;

    /// <summary>Their items, where those are not the nodes themselves.</summary>
    public uint* Items => _batch + _batchCapacity;

    /// <summary>Their keys.</summary>
    public int* Keys => (int*)(_batch + (2L * _batchCapacity));

    /// <summary>Nodes that walks visited so far, each of which was a distance.</summary>
    public long Visited { get; private set; }

    /// <summary>Copies a query to where it is padded and aligned like a row.</summary>
    public float* SetQuery(ReadOnlySpan<float> query)
    {
        query.CopyTo(new Span<float>(Query, query.Length));
        return Query;
    }

    /// <summary>Starts a walk: makes room, and forgets which nodes were visited.</summary>
    /// <param name="nodes">Nodes of the layer; one more mark stands for every link that is not followed.</param>
    /// <param name="batch">Nodes that are collected at once at most.</param>
    public VisitedMarks Visit(int nodes, int batch)
    {
        if (nodes >= _nodeCapacity)
        {
            NativeMemory.AlignedFree(_marks);
            NativeMemory.AlignedFree(_log);
            _marks = null;
            _log = null;
            _nodeCapacity = 0;
            // An eighth more: a growing index asks for one more mark with every insert.
            var capacity = nodes + (nodes / 8) + 64L;
            var words = (capacity / 64) + 1;
            _marks = (ulong*)Allocate(words * sizeof(ulong));
            NativeMemory.Clear(_marks, (nuint)(words * sizeof(ulong)));
            // Touched only as far as walks go.
            _log = (uint*)Allocate((capacity + 1024) * sizeof(uint));
            _nodeCapacity = capacity;
        }
        MakeRoom(batch);
        _marks[(uint)nodes >>> 6] |= 1UL << (nodes & 63);
        return new VisitedMarks(_marks, _log);
    }

    /// <summary>Ends a walk: clears the marks of the nodes in the log.</summary>
    public void Forget(int nodes, int end)
    {
        Visited += end;
        var words = (nodes / 64) + 1;
        if (end > words / 8)
        {
            NativeMemory.Clear(_marks, (nuint)words * sizeof(ulong));
            return;
        }
        for (var i = 0; i < end; i++) _marks[_log[i] >>> 6] = 0;
        _marks[(uint)nodes >>> 6] = 0;
    }

    /// <summary>Makes room for so many nodes, their items and keys.</summary>
    public void MakeRoom(int batch)
    {
        // Keys are computed four at a time.
        batch += 3;
        if (batch <= _batchCapacity) return;
        NativeMemory.AlignedFree(_batch);
        _batch = null;
        _batchCapacity = 0;
        _batch = (uint*)Allocate(3L * batch * sizeof(uint));
        _batchCapacity = batch;
    }

    /// <summary>An empty pool of at least so many candidates.</summary>
    public CandidatePool Candidates(int size) => Pool(ref _candidates, ref _candidateCapacity, size);

    /// <summary>An empty pool of at least so many candidates that a filter accepted.</summary>
    public CandidatePool Accepted(int size) => Pool(ref _accepted, ref _acceptedCapacity, size);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static CandidatePool Pool(ref long* entries, ref int capacity, int size)
    {
        size = CandidatePool.Rounded(size);
        if (size > capacity)
        {
            NativeMemory.AlignedFree(entries);
            entries = null;
            capacity = 0;
            entries = (long*)Allocate((size + CandidatePool.Lanes) * (long)sizeof(long));
            capacity = size;
        }
        return new CandidatePool(entries + CandidatePool.Lanes, size);
    }

    private static void* Allocate(long bytes) => NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes), CodeKernels.Block);

    private void Free()
    {
        NativeMemory.AlignedFree(Query);
        NativeMemory.AlignedFree(Transformed);
        NativeMemory.AlignedFree(QueryCodes);
        NativeMemory.AlignedFree(OtherCodes);
        NativeMemory.AlignedFree(_marks);
        NativeMemory.AlignedFree(_log);
        NativeMemory.AlignedFree(_candidates);
        NativeMemory.AlignedFree(_accepted);
        NativeMemory.AlignedFree(_batch);
    }
}

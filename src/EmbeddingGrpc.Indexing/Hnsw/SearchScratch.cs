using System.Runtime.InteropServices;
using EmbeddingGrpc.Indexing.Kernels;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Everything that one search writes to: rented from a <see cref="ScratchPool"/>, used by one thread at a time, grown when needed.</summary>
internal sealed unsafe class SearchScratch : IDisposable
{
    private byte* _visited;
    private long _visitedLength;
    private byte _epoch;
    private long* _candidates;
    private int _candidateCapacity;
    private long* _accepted;
    private int _acceptedCapacity;
    private uint* _batch;
    private int _batchCapacity;

    /// <summary>Allocates the parts whose size is known.</summary>
    /// <param name="rowStride">Floats of a padded row.</param>
    /// <param name="codeStride">Bytes of a row of codes.</param>
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
        if (nodes + 1L > _visitedLength)
        {
            NativeMemory.AlignedFree(_visited);
            _visited = null;
            // An eighth more: a growing index asks for one more mark with every insert.
            _visitedLength = nodes + (nodes / 8) + 64L;
            _visited = (byte*)Allocate(_visitedLength);
            NativeMemory.Clear(_visited, (nuint)_visitedLength);
            _epoch = 0;
        }
        if (batch > _batchCapacity)
        {
            NativeMemory.AlignedFree(_batch);
            _batch = null;
            _batch = (uint*)Allocate((long)batch * sizeof(uint));
            _batchCapacity = batch;
        }
        if (++_epoch == 0)
        {
            NativeMemory.Clear(_visited, (nuint)_visitedLength);
            _epoch = 1;
        }
        _visited[nodes] = _epoch;
        return new VisitedMarks(_visited, _epoch);
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
        NativeMemory.AlignedFree(_visited);
        NativeMemory.AlignedFree(_candidates);
        NativeMemory.AlignedFree(_accepted);
        NativeMemory.AlignedFree(_batch);
    }
}

using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Benchmarks.Indexing;

/// <summary>
/// One query against the 32 neighbours of a node: float rows, and codes of each width. Rows stay in the cache, so that the kernels are
/// measured and not the memory, which a walk waits for much longer: there the lines of a row count, of which five bits need one of 100 values.
/// </summary>
public unsafe class CodeKernelBenchmark
{
    private const int Dimension = 100;
    private const int Stride = 112;
    private const int Neighbors = 32;
    private const int Rows = 64;

    private readonly PackedLayout _five = PackedLayout.For(Dimension, 0, CodePrecision.FewestLines);
    private readonly PackedLayout _eight = PackedLayout.For(Dimension, 0, CodePrecision.EightBits);
    private readonly PackedLayout _sixteen = PackedLayout.For(Dimension, 0, CodePrecision.SixteenBits);
    private float* _floats;
    private byte* _codes;
    private sbyte* _query;
    private uint* _items;
    private int* _products;
    private float[] _scores = [];

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _floats = (float*)Allocate((Rows + 1) * Stride * sizeof(float));
        for (var i = 0; i < (Rows + 1) * Stride; i++) _floats[i] = i % Stride < Dimension ? random.NextSingle() : 0;
        _codes = (byte*)Allocate(Rows * _sixteen.Stride);
        random.NextBytes(new Span<byte>(_codes, Rows * _sixteen.Stride));
        _query = (sbyte*)Allocate(_eight.QueryBytes + _sixteen.QueryBytes);
        for (var i = 0; i < _eight.QueryBytes; i++) _query[i] = (sbyte)random.Next(-63, 64);
        _items = (uint*)Allocate(Neighbors * sizeof(uint));
        for (var i = 0; i < Neighbors; i++) _items[i] = (uint)random.Next(Rows);
        _products = (int*)Allocate(Neighbors * sizeof(int));
        _scores = new float[Neighbors];
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (var pointer in new[] { (nint)_floats, (nint)_codes, (nint)_query, (nint)_items, (nint)_products }) NativeMemory.AlignedFree((void*)pointer);
    }

    /// <summary>The library's product, row after row.</summary>
    [Benchmark(Baseline = true)]
    public float FloatsOfTheLibrary()
    {
        var query = new ReadOnlySpan<float>(_floats, Dimension);
        for (var i = 0; i < Neighbors; i++) _scores[i] = TensorPrimitives.Dot(query, new ReadOnlySpan<float>(_floats + ((1 + _items[i]) * Stride), Dimension));
        return _scores[0];
    }

    /// <summary>What scores the best of a walk.</summary>
    [Benchmark]
    public float Floats()
    {
        for (var i = 0; i < Neighbors; i++) _scores[i] = FloatKernels.Dot(_floats, _floats + ((1 + _items[i]) * Stride), Stride);
        return _scores[0];
    }

    /// <summary>What a walk of most indexes reads: one cache line a row.</summary>
    [Benchmark]
    public int FiveBits() => Packed(_five);

    /// <summary>Two lines a row.</summary>
    [Benchmark]
    public int EightBits() => Packed(_eight);

    /// <summary>Four lines a row.</summary>
    [Benchmark]
    public int SixteenBits() => Packed(_sixteen);

    /// <summary>What a build walks by: two lines a row, not packed.</summary>
    [Benchmark]
    public int Bytes()
    {
        CodeKernels.Products(_codes, 128, _items, Neighbors, _query, _products);
        return _products[0];
    }

    private static void* Allocate(int bytes) => NativeMemory.AlignedAlloc((nuint)bytes, 64);

    private int Packed(PackedLayout layout)
    {
        PackedKernels.Products(_codes, layout, _items, Neighbors, _query, _products);
        return _products[0];
    }
}

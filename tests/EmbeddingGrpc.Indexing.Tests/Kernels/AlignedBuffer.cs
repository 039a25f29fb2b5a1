using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Indexing.Tests.Kernels;

/// <summary>64-byte aligned zeroed memory for a test.</summary>
internal sealed unsafe class AlignedBuffer : IDisposable
{
    private readonly int _bytes;

    public AlignedBuffer(int bytes)
    {
        _bytes = bytes;
        Bytes = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 64);
        Clear();
    }

    public byte* Bytes { get; }

    public float* Floats => (float*)Bytes;

    public sbyte* Signed => (sbyte*)Bytes;

    public void Clear() => NativeMemory.Clear(Bytes, (nuint)_bytes);

    public void Dispose() => NativeMemory.AlignedFree(Bytes);
}

using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.Numerics;

/// <summary>Tells the processor what will be read soon, so that many waits for memory overlap. Hints: where they are not understood, nothing happens.</summary>
public static unsafe class CacheHint
{
    /// <summary>The cache line of a value will be read soon.</summary>
    /// <remarks>The collector may move the value meanwhile: then the hint was of no use, and nothing worse.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void WillRead<T>(ref readonly T value)
    {
        if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in value)));
    }
}

using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// Zeroed memory that is not the collector's, straight from the system and back to it as soon as it is disposed: what a page holds is not kept back for whoever asks next. A
/// page that was never touched costs nothing. Immutable, apart from what its owner writes; whoever uses the memory keeps this alive.
/// </summary>
internal sealed unsafe class NativePages : IDisposable
{
    private readonly byte* _memory;
    private readonly nuint _memoryBytes;
    private bool _disposed;

    /// <summary>Takes memory. From two large pages on it is made of those where the system has them: blocks are visited in any order.</summary>
    /// <param name="length">Bytes, at least 1, rounded up to whole pages.</param>
    /// <exception cref="InsufficientMemoryException">The system has none, or no address space.</exception>
    public NativePages(long length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        Length = length = (length + Environment.SystemPageSize - 1) / Environment.SystemPageSize * Environment.SystemPageSize;
        if (!OperatingSystem.IsLinux())
        {
            Start = _memory = (byte*)NativeMemory.AllocZeroed((nuint)length);
            return;
        }

        var isLarge = length >= 2 * MemoryAdvice.LargePageBytes;
        _memoryBytes = (nuint)(length + (isLarge ? MemoryAdvice.LargePageBytes : 0));
        _memory = PrivateMapping.OfZeros(_memoryBytes);
        if (_memory is null) throw new InsufficientMemoryException($"The system gave no memory for {length} bytes (error {Marshal.GetLastPInvokeError()}).");
        Start = _memory;
        if (!isLarge) return;
        Start = (byte*)(((nuint)_memory + MemoryAdvice.LargePageBytes - 1) & ~(nuint)(MemoryAdvice.LargePageBytes - 1));
        MemoryAdvice.PreferLargePages(Start, (nuint)length);
    }

    /// <summary>Gives the memory back when nobody can use it any more.</summary>
    ~NativePages() => Free();

    /// <summary>First byte.</summary>
    public byte* Start { get; }

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        // A constructor that threw has nothing.
        if (_disposed || Start is null) return;
        _disposed = true;
        if (OperatingSystem.IsLinux()) PrivateMapping.Free(_memory, _memoryBytes);
        else NativeMemory.Free(_memory);
    }
}

using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// A part of a file as memory: its pages are read when they are touched, and what is written goes to pages of its own, never to the file. The file may be replaced,
/// renamed or deleted meanwhile, but never truncated. Immutable, apart from what its owners write; whoever uses the memory keeps this alive.
/// </summary>
public sealed unsafe class MappedFile : IDisposable
{
    private readonly byte* _mapping;
    private readonly nuint _mappingBytes;
    private readonly int _before;
    private bool _disposed;

    private MappedFile(byte* mapping, nuint mappingBytes, int before, long length)
    {
        _mapping = mapping;
        (_mappingBytes, _before, Length) = (mappingBytes, before, length);
    }

    /// <summary>Lets go of the pages when nobody can use them any more.</summary>
    ~MappedFile() => Free();

    /// <summary>Bytes.</summary>
    public long Length { get; }

    /// <summary>Maps a part of a file.</summary>
    /// <param name="file">Open for reading; may be closed afterwards.</param>
    /// <param name="position">Its first byte.</param>
    /// <param name="length">Bytes, all of which the file has.</param>
    /// <returns>Null where the system does not map it: then it is to be read.</returns>
    public static MappedFile? TryMap(SafeFileHandle file, long position, long length)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (!OperatingSystem.IsLinux() || length == 0) return null;
        // From the whole page on that it begins in.
        var before = (int)(position % Environment.SystemPageSize);
        var bytes = (nuint)(before + length);
        var mapping = PrivateMapping.OfFile(bytes, (int)file.DangerousGetHandle(), position - before);
        GC.KeepAlive(file);
        return mapping is null ? null : new MappedFile(mapping, bytes, before, length);
    }

    /// <summary>Bytes of it, for as long as this is kept alive.</summary>
    public ReadOnlySpan<byte> Slice(long start, int length) => new(AddressOf(start, length), length);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Where a part of it lies.</summary>
    internal byte* AddressOf(long start, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (start < 0 || length < 0 || start > Length - length) throw new ArgumentOutOfRangeException(nameof(start), start, $"{length} bytes from there are not in {Length}.");
        return _mapping + _before + start;
    }

    private void Free()
    {
        if (_disposed) return;
        _disposed = true;
        PrivateMapping.Free(_mapping, _mappingBytes);
    }
}

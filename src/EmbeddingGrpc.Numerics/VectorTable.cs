using System.IO.MemoryMappedFiles;
using System.Runtime.ExceptionServices;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// An immutable [rows, dimension] table of 32-bit floats, in native memory or mapped from a file. Any number of readers; its holder
/// disposes it after the last of them (a span alone keeps nothing alive).
/// </summary>
/// <remarks>
/// A file is a <see cref="FileHeader"/> (shape: rows, dimension) and the rows as they are in memory: padded with zeros to 64 bytes, so that
/// every mapped row is aligned. A mapped file must be replaced, never truncated or written to.
/// </remarks>
public sealed unsafe class VectorTable : IDisposable
{
    private const string Magic = "EGVECTBL";
    private const uint Version = 1;
    private const int BlockBytes = 1 << 24;

    private readonly EmbeddingMatrix? _matrix;
    private readonly NativePages? _pages;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private float* _rows;

    private VectorTable(EmbeddingMatrix matrix)
    {
        _matrix = matrix;
        _rows = matrix.Pointer;
        Rows = matrix.Rows;
        Dimension = matrix.Dimension;
        Stride = matrix.Stride;
    }

    private VectorTable(NativePages pages, int count, int dimension)
    {
        _pages = pages;
        _rows = (float*)pages.Start;
        Rows = count;
        Dimension = dimension;
        Stride = EmbeddingMatrix.StrideOf(dimension);
    }

    private VectorTable(MemoryMappedFile file, MemoryMappedViewAccessor view, float* rows, int count, int dimension)
    {
        _file = file;
        _view = view;
        _rows = rows;
        Rows = count;
        Dimension = dimension;
        Stride = EmbeddingMatrix.StrideOf(dimension);
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Floats of a row.</summary>
    public int Dimension { get; }

    /// <summary>Floats from one row to the next: <see cref="Dimension"/> rounded up to a cache line, the rest zero.</summary>
    public int Stride { get; }

    /// <summary>Bytes of the rows, in native memory or mapped.</summary>
    public long SizeBytes => (long)Rows * Stride * sizeof(float);

    internal float* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(_rows is null, this);
            return _rows;
        }
    }

    /// <summary>The values of one row, [dimension].</summary>
    public ReadOnlySpan<float> this[ItemOrdinal row]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row.Value, (uint)Rows, nameof(row));
            return new ReadOnlySpan<float>(Pointer + ((long)row.Value * Stride), Dimension);
        }
    }

    /// <summary>Takes ownership of a matrix, which must not be written to any more.</summary>
    public static VectorTable FromMatrix(EmbeddingMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return new VectorTable(matrix);
    }

    /// <summary>Writes the table: a header with magic, version, shape and checksum, then the rows, 64-byte aligned in the file.</summary>
    public void Save(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        new FileHeader(Magic, Version, Rows, Dimension, SizeBytes, Checksum.Of((byte*)Pointer, SizeBytes)).Write(destination);
        for (long at = 0; at < SizeBytes; at += BlockBytes)
        {
            destination.Write(new ReadOnlySpan<byte>((byte*)Pointer + at, (int)Math.Min(BlockBytes, SizeBytes - at)));
        }
    }

    /// <summary>Opens a file written by <see cref="Save"/> and checks its checksum.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapped">
    /// Whether its pages are the table, which the kernel may take back and read again; else the rows are read into memory of their own, in large pages, which is several times
    /// as fast as having each page mapped, and where a row is found without a walk of the page tables.
    /// </param>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or its checksum does not match; says which.</exception>
    public static VectorTable Open(string path, bool mapped = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var (header, rows, dimension) = ReadHeader(stream, path);
        if (!mapped) return Read(stream.SafeFileHandle, header, rows, dimension, path);

        var file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor? view = null;
        byte* start = null;
        try
        {
            view = file.CreateViewAccessor(0, stream.Length, MemoryMappedFileAccess.Read);
            view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            byte* payload = start + view.PointerOffset + FileHeader.SizeBytes;
            header.VerifyPayload(Checksum.Of(payload, header.PayloadBytes), path);
            return new VectorTable(file, view, (float*)payload, rows, dimension);
        }
        catch
        {
            Unmap(file, view, start is not null);
            throw;
        }
    }

    /// <summary>
    /// Takes the rows of a mapped file out of the process's memory; they come back, page by page, as they are read. Nothing where the rows are in
    /// native memory.
    /// </summary>
    public void LetGoOfPages()
    {
        if (_view is null || _rows is null) return;
        var page = (nint)Environment.SystemPageSize;
        var first = (nint)_rows / page * page;
        MemoryAdvice.LetGo((void*)first, (nuint)((nint)_rows + (nint)SizeBytes - first));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_rows is null)
        {
            return;
        }

        _rows = null;
        _matrix?.Dispose();
        _pages?.Dispose();
        if (_file is not null)
        {
            Unmap(_file, _view, acquired: true);
        }
    }

    private static VectorTable Read(SafeFileHandle file, in FileHeader header, int rows, int dimension, string path)
    {
        var bytes = header.PayloadBytes;
        var pages = new NativePages(Math.Max(1, bytes));
        try
        {
            // By all processors: to touch new memory takes as long as to copy to it.
            Parallel.For(0, (bytes + BlockBytes - 1) / BlockBytes, block => ReadBlock(file, pages.Start, block * BlockBytes, bytes, path));
            header.VerifyPayload(Checksum.Of(pages.Start, bytes), path);
            return new VectorTable(pages, rows, dimension);
        }
        catch (AggregateException e) when (e.InnerException is InvalidDataException or IOException)
        {
            pages.Dispose();
            ExceptionDispatchInfo.Throw(e.InnerException);
            throw;
        }
        catch
        {
            pages.Dispose();
            throw;
        }
    }

    private static void ReadBlock(SafeFileHandle file, byte* payload, long at, long bytes, string path) =>
        FileBytes.ReadExactly(file, new Span<byte>(payload + at, (int)Math.Min(BlockBytes, bytes - at)), FileHeader.SizeBytes + at, path);

    private static void Unmap(MemoryMappedFile file, MemoryMappedViewAccessor? view, bool acquired)
    {
        if (acquired)
        {
            view!.SafeMemoryMappedViewHandle.ReleasePointer();
        }

        view?.Dispose();
        file.Dispose();
    }

    private static (FileHeader Header, int Rows, int Dimension) ReadHeader(FileStream stream, string path)
    {
        Span<byte> bytes = stackalloc byte[FileHeader.SizeBytes];
        bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        var header = FileHeader.Read(bytes, Magic, Version, path, stream.Length);
        bool possible = header.First is >= 0 and <= int.MaxValue && header.Second is > 0 and <= int.MaxValue - 15;
        if (!possible || header.First * EmbeddingMatrix.StrideOf((int)header.Second) * sizeof(float) != header.PayloadBytes)
        {
            throw new InvalidDataException(
                $"'{path}' is corrupt: {header.First} rows of dimension {header.Second} do not fill its {header.PayloadBytes} bytes.");
        }

        return (header, (int)header.First, (int)header.Second);
    }
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>
/// Native memory whose address never changes while it grows: the whole address space is reserved at once and committed from the front, so
/// that readers keep their pointers while the one writer appends. One writer; any number of readers; the owner disposes it after them.
/// </summary>
/// <remarks>
/// Committed memory reads as zero until written. Where a region is large enough it asks for huge pages: a walk through a graph touches a new
/// page with nearly every step, and a miss in the translation cache costs as much as one in the data cache.
/// </remarks>
internal sealed unsafe partial class NativeRegion : IDisposable
{
    private const int HugePage = 2 << 20;
    private const int Protect_None = 0, Protect_ReadWrite = 3;
    private const int Map_PrivateAnonymousNoReserve = 0x2 | 0x20 | 0x4000;
    private const int Map_PrivateFixed = 0x2 | 0x10;
    private const int Advise_HugePages = 14;

    private readonly byte* _reservation;
    private readonly nuint _reservationBytes;
    private bool _disposed;

    /// <summary>Reserves address space and commits its front.</summary>
    /// <exception cref="InsufficientMemoryException">The system has no memory or address space for it.</exception>
    public NativeRegion(long reserveBytes, long commitBytes)
    {
        ReservedBytes = Math.Max(commitBytes, CanReserve ? reserveBytes : commitBytes);
        if (CanReserve)
        {
            _reservationBytes = (nuint)RoundUp(ReservedBytes + HugePage, HugePage);
            _reservation = Map(null, _reservationBytes, Protect_None, Map_PrivateAnonymousNoReserve, -1, 0);
            if (_reservation == (byte*)-1) throw OutOfMemory(ReservedBytes);
            Pointer = (byte*)RoundUp((long)_reservation, HugePage);
            try
            {
                Commit(commitBytes);
            }
            catch
            {
                Dispose();
                throw;
            }
        }
        else
        {
            _reservation = Pointer = (byte*)NativeMemory.AlignedAlloc((nuint)Math.Max(1, ReservedBytes), 64);
            NativeMemory.Clear(Pointer, (nuint)ReservedBytes);
            CommittedBytes = ReservedBytes;
        }
    }

    /// <summary>Frees the memory of a region that its owner lost to an exception.</summary>
    ~NativeRegion() => Free();

    /// <summary>Whether a region can reserve more than it commits; elsewhere it is as large as its first commit.</summary>
    public static bool CanReserve { get; } = OperatingSystem.IsLinux();

    /// <summary>Whether a part of a file at an offset can be mapped; otherwise it is to be read.</summary>
    public static bool CanMap(long offset) => CanReserve && offset % Environment.SystemPageSize == 0;

    /// <summary>First byte, 64-byte aligned.</summary>
    public byte* Pointer { get; }

    /// <summary>Bytes it can grow to.</summary>
    public long ReservedBytes { get; }

    /// <summary>Bytes that may be read and written.</summary>
    public long CommittedBytes { get; private set; }

    /// <summary>Bytes at the front that are those of a file.</summary>
    public long MappedBytes { get; private set; }

    /// <summary>Makes at least the first bytes readable and writable. Called by the one writer.</summary>
    /// <exception cref="InsufficientMemoryException">Beyond the reservation, or the system has no memory for it.</exception>
    public void Commit(long bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (bytes <= CommittedBytes) return;
        if (bytes > ReservedBytes) throw OutOfMemory(bytes);

        // Grown by an eighth at least, so that appending one node at a time asks the system rarely.
        var target = Math.Min(ReservedBytes, Math.Max(bytes, CommittedBytes + (CommittedBytes / 8)));
        target = Math.Min(RoundUp(target, Environment.SystemPageSize), RoundUp(ReservedBytes, Environment.SystemPageSize));
        if (SetProtection(Pointer + CommittedBytes, (nuint)(target - CommittedBytes), Protect_ReadWrite) != 0) throw OutOfMemory(target);
        CommittedBytes = target;
        // Only whole huge pages: a small region must not weigh two megabytes. Advice may be refused; the memory works all the same.
        var first = RoundUp(MappedBytes, HugePage);
        var last = target / HugePage * HugePage;
        if (last > first) _ = Advise(Pointer + first, (nuint)(last - first), Advise_HugePages);
    }

    /// <summary>
    /// Commits the front as a part of a file, which is read when it is touched and shared with others who map it; what is written goes to
    /// pages of its own, never to the file. The file may be replaced, but never truncated.
    /// </summary>
    /// <param name="file">The file; may be closed afterwards.</param>
    /// <param name="offset">First byte in the file, a multiple of the page size.</param>
    /// <param name="bytes">Bytes; the rest of the last page must be zero in the file.</param>
    public void CommitFile(SafeFileHandle file, long offset, long bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (bytes == 0) return;
        if (CommittedBytes > 0 || !CanMap(offset)) throw new InvalidOperationException("A file is mapped to a region that is empty, at whole pages.");
        var address = Map(Pointer, (nuint)bytes, Protect_ReadWrite, Map_PrivateFixed, (int)file.DangerousGetHandle(), offset);
        if (address != Pointer) throw OutOfMemory(bytes);
        CommittedBytes = MappedBytes = RoundUp(bytes, Environment.SystemPageSize);
    }

    /// <summary>Fills the front with that of another region.</summary>
    public void CopyFrom(NativeRegion other, long bytes)
    {
        Commit(bytes);
        Buffer.MemoryCopy(other.Pointer, Pointer, CommittedBytes, bytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static long RoundUp(long value, long unit) => (value + unit - 1) / unit * unit;

    private static InsufficientMemoryException OutOfMemory(long bytes) =>
        new($"The system gave no memory for {bytes} bytes of an index (error {Marshal.GetLastPInvokeError()}).");

    private void Free()
    {
        if (_disposed) return;
        _disposed = true;
        if (CanReserve)
        {
            _ = Unmap(_reservation, _reservationBytes);
        }
        else
        {
            NativeMemory.AlignedFree(_reservation);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int SetProtection(void* address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(void* address, nuint length, int advice);
}

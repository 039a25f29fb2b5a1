using System.Buffers;
using System.IO.Hashing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>
/// Verifies sections of a file by reading each stretch of them once, by several threads, into buffers that stay in the cores' caches (having the pages mapped to read
/// them there takes as long as copying them) or to where one is wanted. Each thread reads a range of its own in the order of the file, and then what others have left:
/// threads that take turns wait for one another's pages where they come from the disk.
/// </summary>
internal sealed unsafe class SectionVerifier
{
    /// <summary>More would wait for memory or the disk.</summary>
    private const int MostThreads = 4;

    /// <summary>Bytes read by one call, whole parts of them: systems copy and read ahead faster by the megabyte than by its quarters.</summary>
    private const int StretchBytes = 4 * SectionChecksum.PartBytes;

    /// <summary>Bytes that are worth a thread.</summary>
    private const int BytesAThread = 4 * StretchBytes;

    private readonly IndexFile _file;
    private readonly FileSection[] _sections;
    private readonly nint _destination;
    private readonly ulong[][] _checksums;
    private readonly (int Section, long From)[] _work;
    private readonly CancellationToken _cancellationToken;
    private readonly int[] _next;

    private SectionVerifier(IndexFile file, FileSection[] sections, nint destination, CancellationToken cancellationToken)
    {
        (_file, _destination) = (file, destination);
        _cancellationToken = cancellationToken;
        _sections = sections;
        _checksums = Array.ConvertAll(_sections, section => new ulong[SectionChecksum.PartsOf(section.Length, file.Header.PartBytes)]);
        _work = [.. _sections.SelectMany((section, at) => Enumerable.Range(0, StretchesOf(section)).Select(stretch => (at, (long)stretch * StretchBytes)))];
        var worthIt = (int)Math.Min(MostThreads, _sections.Sum(section => section.Length) / BytesAThread);
        _next = new int[Math.Max(1, Math.Min(Environment.ProcessorCount, worthIt))];
        for (var thread = 0; thread < _next.Length; thread++) _next[thread] = StartOf(thread);
    }

    /// <summary>Verifies sections.</summary>
    /// <param name="file">The file.</param>
    /// <param name="sections">Sections within its bounds.</param>
    /// <param name="cancellationToken">Ends it between stretches.</param>
    /// <exception cref="InvalidDataException">A section is damaged, or the file became shorter; says which.</exception>
    public static void Verify(IndexFile file, IEnumerable<FileSection> sections, CancellationToken cancellationToken) =>
        new SectionVerifier(file, [.. sections], 0, cancellationToken).Run();

    /// <summary>Reads one section to where it is wanted, and verifies it.</summary>
    /// <param name="file">The file.</param>
    /// <param name="section">Within its bounds.</param>
    /// <param name="destination">Room for all of it.</param>
    /// <exception cref="InvalidDataException">The section is damaged, or the file became shorter; says which.</exception>
    public static void Read(IndexFile file, FileSection section, void* destination) =>
        new SectionVerifier(file, [section], (nint)destination, CancellationToken.None).Run();

    private void Run()
    {
        var helpers = new Task[_next.Length - 1];
        for (var i = 0; i < helpers.Length; i++)
        {
            var thread = i + 1;
            helpers[i] = Task.Run(() => ReadStretches(thread), CancellationToken.None);
        }

        try
        {
            ReadStretches(0);
        }
        finally
        {
            // Where this failed there is nothing left to do for them; afterwards nobody reads the file or writes to the destination any more.
            foreach (ref var next in _next.AsSpan()) Volatile.Write(ref next, _work.Length);
            Task.WhenAll(helpers).ContinueWith(static all => _ = all.Exception, TaskScheduler.Default).Wait(CancellationToken.None);
        }

        foreach (var helper in helpers) helper.GetAwaiter().GetResult();
        for (var section = 0; section < _sections.Length; section++) _file.Check(_sections[section], _checksums[section]);
    }

    /// <summary>A section of one part, as files of the oldest version have them, is one stretch, however long.</summary>
    private int StretchesOf(FileSection section) => section.Length <= _file.Header.PartBytes ? 1 : SectionChecksum.PartsOf(section.Length, StretchBytes);

    /// <summary>The first stretch of a thread's range.</summary>
    private int StartOf(int thread) => (int)((long)_work.Length * thread / _next.Length);

    private void ReadStretches(int thread)
    {
        var buffer = _destination == 0 ? ArrayPool<byte>.Shared.Rent(StretchBytes) : [];
        for (var i = 0; i < _next.Length; i++)
        {
            var owner = (thread + i) % _next.Length;
            while (Interlocked.Increment(ref _next[owner]) - 1 is var next && next < StartOf(owner + 1)) ReadStretch(next, buffer);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void ReadStretch(int stretch, byte[] buffer)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        var (section, from) = _work[stretch];
        if (_checksums[section].Length == 1) _checksums[section][0] = ChecksumOfOnePart(_sections[section], buffer);
        else ReadParts(_sections[section], from, buffer, _checksums[section]);
    }

    private void ReadParts(FileSection section, long from, byte[] buffer, ulong[] checksums)
    {
        var stretch = Read(section, from, buffer);
        for (var at = 0; at < stretch.Length; at += SectionChecksum.PartBytes)
            checksums[(from + at) / SectionChecksum.PartBytes] = Checksum.Of(stretch.Slice(at, Math.Min(SectionChecksum.PartBytes, stretch.Length - at)));
    }

    private ulong ChecksumOfOnePart(FileSection section, byte[] buffer)
    {
        if (section.Length <= StretchBytes) return Checksum.Of(Read(section, 0, buffer));

        var hash = new XxHash3();
        for (long from = 0; from < section.Length; from += StretchBytes) hash.Append(Read(section, from, buffer));
        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Reads a stretch to where it is wanted, or into the buffer.</summary>
    private Span<byte> Read(FileSection section, long from, byte[] buffer)
    {
        var length = (int)Math.Min(StretchBytes, section.Length - from);
        var bytes = _destination == 0 ? buffer.AsSpan(0, length) : new Span<byte>((byte*)_destination + from, length);
        _file.ReadExactly(bytes, section.Offset + from);
        return bytes;
    }
}

using System.Buffers;
using System.IO.Hashing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>
/// Verifies sections of a file by reading each part of them once, in the order of the file and by several threads, into buffers that stay in the cores' caches
/// (having the pages mapped to read them there takes as long as copying them) or to where one is wanted. One thread owns it.
/// </summary>
internal sealed unsafe class SectionVerifier : IDisposable
{
    /// <summary>More would wait for memory or the disk.</summary>
    private const int MostThreads = 4;

    /// <summary>Parts that are worth a thread.</summary>
    private const int PartsAThread = 16;

    private readonly IndexFile _file;
    private readonly FileSection[] _sections;
    private readonly nint _destination;
    private readonly ulong[][] _checksums;
    private readonly (int Section, int Part)[] _work;
    private readonly Task[] _helpers;
    private readonly CancellationToken _cancellationToken;
    private int _taken = -1;

    /// <summary>Begins with the help of other threads.</summary>
    /// <param name="file">The file; must stay open until this is disposed.</param>
    /// <param name="sections">Sections within its bounds.</param>
    /// <param name="cancellationToken">Ends it between parts.</param>
    public SectionVerifier(IndexFile file, IEnumerable<FileSection> sections, CancellationToken cancellationToken)
        : this(file, [.. sections], 0, cancellationToken)
    {
    }

    /// <summary>Begins to read one section to where it is wanted.</summary>
    /// <param name="file">The file; must stay open until this is disposed.</param>
    /// <param name="section">Within its bounds.</param>
    /// <param name="destination">Room for all of it, until this is disposed.</param>
    public SectionVerifier(IndexFile file, FileSection section, void* destination)
        : this(file, [section], (nint)destination, CancellationToken.None)
    {
    }

    private SectionVerifier(IndexFile file, FileSection[] sections, nint destination, CancellationToken cancellationToken)
    {
        (_file, _destination) = (file, destination);
        _cancellationToken = cancellationToken;
        _sections = sections;
        _checksums = Array.ConvertAll(_sections, section => new ulong[SectionChecksum.PartsOf(section.Length, file.Header.PartBytes)]);
        _work = [.. _checksums.SelectMany((parts, section) => Enumerable.Range(0, parts.Length).Select(part => (section, part)))];
        _helpers = new Task[Math.Max(0, Math.Min(Math.Min(Environment.ProcessorCount, MostThreads), _work.Length / PartsAThread) - 1)];
        for (var i = 0; i < _helpers.Length; i++) _helpers[i] = Task.Run(ReadParts, CancellationToken.None);
    }

    /// <summary>Helps to read what is left, and compares the checksums.</summary>
    /// <exception cref="InvalidDataException">A section is damaged, or the file became shorter; says which.</exception>
    public void Finish()
    {
        ReadParts();
        foreach (var helper in _helpers) helper.GetAwaiter().GetResult();
        for (var section = 0; section < _sections.Length; section++) _file.Check(_sections[section], _checksums[section]);
    }

    /// <summary>Ends it: afterwards nobody reads the file any more.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _taken, _work.Length);
        Task.WhenAll(_helpers).ContinueWith(static all => _ = all.Exception, TaskScheduler.Default).Wait(CancellationToken.None);
    }

    private void ReadParts()
    {
        var partBytes = _file.Header.PartBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(SectionChecksum.PartBytes);
        while (Interlocked.Increment(ref _taken) is var next && next < _work.Length)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            var (section, part) = _work[next];
            var from = part * partBytes;
            var (at, length) = (_sections[section].Offset + from, Math.Min(partBytes, _sections[section].Length - from));
            _checksums[section][part] = _destination == 0 ? ChecksumOf(at, length, buffer) : ReadTo((byte*)_destination + from, at, length);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private ulong ReadTo(byte* destination, long from, long length)
    {
        // A file of the oldest version has sections of one part, longer than a span can be.
        for (long at = 0; at < length; at += SectionChecksum.PartBytes)
            _file.ReadExactly(new Span<byte>(destination + at, (int)Math.Min(SectionChecksum.PartBytes, length - at)), from + at);
        return Checksum.Of(destination, length);
    }

    private ulong ChecksumOf(long from, long length, byte[] buffer)
    {
        if (length <= buffer.Length)
        {
            _file.ReadExactly(buffer.AsSpan(0, (int)length), from);
            return Checksum.Of(buffer.AsSpan(0, (int)length));
        }

        // A file of the oldest version has sections of one part.
        var hash = new XxHash3();
        for (long at = 0; at < length; at += buffer.Length)
        {
            var block = buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - at));
            _file.ReadExactly(block, from + at);
            hash.Append(block);
        }
        return hash.GetCurrentHashAsUInt64();
    }
}

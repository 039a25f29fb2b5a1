using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>An index file that is open for reading: its header, and its sections by kind. Believes nothing that it has not checked.</summary>
internal sealed unsafe class IndexFile : IDisposable
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Sections from here on are verified by another thread, while the one that opens has their pages mapped ahead of it.</summary>
    private const int LargeBytes = 4 << 20;

    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly List<Task> _verifications = [];
    private readonly List<NativeRegion> _untouched = [];

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated, or a damaged header; says which.</exception>
    public IndexFile(string path)
    {
        _path = path;
        _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        try
        {
            var fileBytes = RandomAccess.GetLength(_file);
            var page = new byte[(int)Math.Min(fileBytes, HnswFileHeader.SizeBytes)];
            ReadExactly(page, 0);
            Header = HnswFileHeader.Read(page, fileBytes, path);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Has the whole file read ahead, for who is about to verify it. By a thread of its own: the system takes its time to ask a disk for so much, and to find
    /// that all is there already.
    /// </summary>
    public void ReadAhead() => _verifications.Add(
        Task.Factory.StartNew(() => FileReadAhead.Begin(_file), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default));

    /// <summary>The header.</summary>
    public HnswFileHeader Header { get; }

    /// <summary>Makes the error for a file that says what cannot be.</summary>
    public InvalidDataException Corrupt(string what) => new($"'{_path}' is corrupt: {what}");

    /// <summary>Whether there is a section that files of earlier programs have not.</summary>
    public bool Has(SectionKind kind) => Header.Sections.Any(section => section.Kind == kind);

    /// <summary>A section of which there must be one.</summary>
    /// <param name="kind">What it holds.</param>
    /// <param name="layer">Of which layer.</param>
    /// <param name="length">Bytes that it must have; null for any.</param>
    public FileSection Section(SectionKind kind, int layer, long? length)
    {
        foreach (var section in Header.Sections)
        {
            if (section.Kind != kind || section.Layer != layer) continue;
            CheckBounds(section);
            if (length is { } wanted && section.Length != wanted)
            {
                throw Corrupt($"its section of {kind} of layer {layer} has {section.Length} bytes where {wanted} belong.");
            }
            return section;
        }
        throw Corrupt($"it has no section of {kind} of layer {layer}.");
    }

    /// <summary>Reads a section to memory and verifies it.</summary>
    public void Read(FileSection section, void* destination)
    {
        var hash = new XxHash3();
        for (long at = 0; at < section.Length; at += BlockBytes)
        {
            var block = new Span<byte>((byte*)destination + at, (int)Math.Min(BlockBytes, section.Length - at));
            ReadExactly(block, section.Offset + at);
            hash.Append(block);
        }
        Verify(section, hash.GetCurrentHashAsUInt64());
    }

    /// <summary>
    /// Fills an empty region with a section. A large mapped one is verified by another thread: nobody may use it before <see cref="FinishVerifying"/>,
    /// or free it before that or <see cref="StopVerifying"/>.
    /// </summary>
    /// <param name="section">The section.</param>
    /// <param name="region">Receives it as its front.</param>
    /// <param name="options">Whether it is mapped, and whether it is verified when it is.</param>
    public void Load(FileSection section, NativeRegion region, IndexOpenOptions options)
    {
        if (options.Mapped && NativeRegion.CanMap(section.Offset))
        {
            region.CommitFile(_file, section.Offset, section.Length);
            if (options.Verified) VerifyMapped(section, region);
            return;
        }
        region.Commit(section.Length);
        Read(section, region.Pointer);
    }

    /// <summary>Waits until all sections that were loaded are verified.</summary>
    /// <exception cref="InvalidDataException">One is damaged; says which.</exception>
    public void FinishVerifying()
    {
        foreach (var region in _untouched) region.TouchFile();
        foreach (var verification in _verifications) verification.GetAwaiter().GetResult();
    }

    /// <summary>Waits until nothing looks at a region any more, whatever it found: for who frees them because of another error.</summary>
    public void StopVerifying() => Task.WhenAll(_verifications).ContinueWith(static all => _ = all.Exception, TaskScheduler.Default).Wait();

    /// <summary>Reads all sections and verifies them.</summary>
    public void VerifyAll(CancellationToken cancellationToken)
    {
        var block = new byte[BlockBytes];
        foreach (var section in Header.Sections)
        {
            CheckBounds(section);
            var hash = new XxHash3();
            for (long at = 0; at < section.Length; at += BlockBytes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var part = block.AsSpan(0, (int)Math.Min(BlockBytes, section.Length - at));
                ReadExactly(part, section.Offset + at);
                hash.Append(part);
            }
            Verify(section, hash.GetCurrentHashAsUInt64());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private void VerifyMapped(FileSection section, NativeRegion region)
    {
        if (section.Length >= LargeBytes)
        {
            _untouched.Add(region);
            _verifications.Add(Task.Run(() => Verify(section, Checksum.Of(region.Pointer, section.Length))));
        }
        else
        {
            region.TouchFile();
            Verify(section, Checksum.Of(region.Pointer, section.Length));
        }
    }

    private void Verify(FileSection section, ulong checksum)
    {
        if (checksum != section.Checksum)
        {
            throw Corrupt($"the checksum of its section of {section.Kind} of layer {section.Layer} does not match.");
        }
    }

    private void CheckBounds(FileSection section)
    {
        if (section.Offset < HnswFileHeader.SizeBytes
            || section.Offset % FileSection.Alignment != 0
            || section.Length < 0
            || section.Length > Header.FileBytes
            || section.Offset > Header.FileBytes - section.Length)
        {
            throw Corrupt($"its section of {section.Kind} of layer {section.Layer} has {section.Length} bytes at {section.Offset}.");
        }
    }

    private void ReadExactly(Span<byte> destination, long offset)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(_file, destination, offset);
            if (read == 0) throw new InvalidDataException($"'{_path}' is truncated: it ended at byte {offset} while being read.");
            destination = destination[read..];
            offset += read;
        }
    }
}

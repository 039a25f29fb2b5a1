using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;
using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>An index file that is open for reading: its header, and its sections by kind. Believes nothing that it has not checked.</summary>
internal sealed unsafe class IndexFile : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private bool _isVerified;

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

    /// <summary>Reads a section to memory and verifies it; a large one by several threads.</summary>
    public void Read(FileSection section, void* destination) => SectionVerifier.Read(this, section, destination);

    /// <summary>Fills an empty region with a section.</summary>
    /// <param name="section">The section.</param>
    /// <param name="region">Receives it as its front.</param>
    /// <param name="options">Whether it is mapped, and whether it is verified when it is.</param>
    public void Load(FileSection section, NativeRegion region, IndexOpenOptions options)
    {
        if (options.Mapped && NativeRegion.CanMap(section.Offset))
        {
            region.CommitFile(_file, section.Offset, section.Length);
            if (options.Verified && !_isVerified) SectionVerifier.Verify(this, [section], CancellationToken.None);
            return;
        }
        region.Commit(section.Length);
        Read(section, region.Pointer);
    }

    /// <summary>
    /// Verifies all sections where they are to be mapped and verified: reading the file from front to back costs less than one section after the other, between which the
    /// disk would wait, and less than doing it while another thread maps them, which waits for the processors and the disk then.
    /// </summary>
    /// <exception cref="InvalidDataException">A section is damaged or not within the file; says which.</exception>
    public void VerifyWhatIsMapped(IndexOpenOptions options)
    {
        if (!options.Verified || !options.Mapped || !NativeRegion.CanMap(FileSection.Alignment)) return;
        VerifyAll(CancellationToken.None);
        _isVerified = true;
    }

    /// <summary>Verifies all sections.</summary>
    /// <exception cref="InvalidDataException">One is damaged; says which.</exception>
    public void VerifyAll(CancellationToken cancellationToken)
    {
        foreach (var section in Header.Sections) CheckBounds(section);
        SectionVerifier.Verify(this, Header.Sections, cancellationToken);
    }

    /// <summary>Compares the checksums of a section's parts with what the header says.</summary>
    /// <exception cref="InvalidDataException">They are others.</exception>
    public void Check(FileSection section, ulong[] parts)
    {
        var checksum = Header.Version == HnswFileHeader.OldestVersion ? parts.Single() : SectionChecksum.Of(parts);
        if (checksum != section.Checksum)
        {
            throw Corrupt($"the checksum of its section of {section.Kind} of layer {section.Layer} does not match.");
        }
    }

    /// <summary>Fills a buffer. Any thread.</summary>
    /// <exception cref="InvalidDataException">The file ends before.</exception>
    public void ReadExactly(Span<byte> destination, long offset) => FileBytes.ReadExactly(_file, destination, offset, _path);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

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
}

using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>The first page of an index file, little-endian: magic, version, shape of the graph, table of sections, checksum of the page.</summary>
internal sealed record HnswFileHeader
{
    /// <summary>Bytes of the header.</summary>
    public const int SizeBytes = 4096;

    /// <summary>The version that this program writes.</summary>
    public const uint CurrentVersion = 4;

    /// <summary>The oldest that it reads: as the current one, but the checksum of a section is that of all its bytes.</summary>
    public const uint OldestVersion = 3;

    private const int SectionsAt = 128;
    private const int ChecksumAt = SizeBytes - sizeof(ulong);
    private const int MostSections = (ChecksumAt - SectionsAt) / FileSection.EntryBytes;

    /// <summary>Version of the file.</summary>
    public uint Version { get; init; } = CurrentVersion;

    /// <summary>Bytes of the parts of a section whose checksums make up its own.</summary>
    public long PartBytes => Version == OldestVersion ? long.MaxValue : SectionChecksum.PartBytes;

    /// <summary>What near means.</summary>
    public required SimilarityMetric Metric { get; init; }

    /// <summary>Floats of a vector.</summary>
    public required int Dimension { get; init; }

    /// <summary>Rows of the table.</summary>
    public required int BaseItems { get; init; }

    /// <summary>Items, those of the table and those added.</summary>
    public required int Items { get; init; }

    /// <summary>Layers of the graph, at least 1.</summary>
    public required int Layers { get; init; }

    /// <summary>Node of the top layer where searches start; -1 where there is no item.</summary>
    public required int Entry { get; init; }

    /// <summary>Rows that the codec was fitted to.</summary>
    public required int Fitted { get; init; }

    /// <summary>Half the least squared norm of a row; Euclid only.</summary>
    public required float LeastHalfNorm { get; init; }

    /// <summary>Width of a code of it; Euclid only.</summary>
    public required float HalfNormStep { get; init; }

    /// <summary>Length that rows are brought to; dot product only.</summary>
    public required float Radius { get; init; }

    /// <summary>How fine codes are.</summary>
    public required CodePrecision Precision { get; init; }

    /// <summary>How the graph was built.</summary>
    public required HnswOptions Options { get; init; }

    /// <summary>Tells the table that it was built over from others.</summary>
    public required ulong TableFingerprint { get; init; }

    /// <summary>Length of the whole file.</summary>
    public required long FileBytes { get; init; }

    /// <summary>What follows.</summary>
    public required IReadOnlyList<FileSection> Sections { get; init; }

    private static ReadOnlySpan<byte> Magic => "EGHNSWIX"u8;

    /// <summary>Writes the page.</summary>
    /// <param name="page">[<see cref="SizeBytes"/>], overwritten.</param>
    public void Write(Span<byte> page)
    {
        page[..SizeBytes].Clear();
        Magic.CopyTo(page);
        BinaryPrimitives.WriteUInt32LittleEndian(page[8..], Version);
        BinaryPrimitives.WriteInt32LittleEndian(page[12..], (int)Metric);
        BinaryPrimitives.WriteInt32LittleEndian(page[16..], Dimension);
        BinaryPrimitives.WriteInt32LittleEndian(page[20..], Items);
        BinaryPrimitives.WriteInt32LittleEndian(page[24..], Layers);
        BinaryPrimitives.WriteInt32LittleEndian(page[28..], Entry);
        BinaryPrimitives.WriteInt32LittleEndian(page[32..], BaseItems);
        BinaryPrimitives.WriteInt32LittleEndian(page[36..], Fitted);
        BinaryPrimitives.WriteInt32LittleEndian(page[40..], Options.M);
        BinaryPrimitives.WriteInt32LittleEndian(page[44..], Options.EfConstruction);
        BinaryPrimitives.WriteInt32LittleEndian(page[48..], Options.EfSearch);
        BinaryPrimitives.WriteInt32LittleEndian(page[52..], Options.BuildThreads);
        BinaryPrimitives.WriteUInt64LittleEndian(page[56..], Options.Seed);
        BinaryPrimitives.WriteUInt64LittleEndian(page[64..], TableFingerprint);
        BinaryPrimitives.WriteInt64LittleEndian(page[72..], FileBytes);
        BinaryPrimitives.WriteInt32LittleEndian(page[80..], Sections.Count);
        BinaryPrimitives.WriteSingleLittleEndian(page[84..], LeastHalfNorm);
        BinaryPrimitives.WriteSingleLittleEndian(page[88..], HalfNormStep);
        BinaryPrimitives.WriteSingleLittleEndian(page[92..], Radius);
        BinaryPrimitives.WriteInt32LittleEndian(page[96..], (int)Precision);
        for (var i = 0; i < Sections.Count; i++)
        {
            var entry = page[(SectionsAt + (i * FileSection.EntryBytes))..];
            BinaryPrimitives.WriteInt32LittleEndian(entry, (int)Sections[i].Kind);
            BinaryPrimitives.WriteInt32LittleEndian(entry[4..], Sections[i].Layer);
            BinaryPrimitives.WriteInt64LittleEndian(entry[8..], Sections[i].Offset);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], Sections[i].Length);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], Sections[i].Checksum);
        }
        BinaryPrimitives.WriteUInt64LittleEndian(page[ChecksumAt..], XxHash3.HashToUInt64(page[..ChecksumAt]));
    }

    /// <summary>Reads and checks the page.</summary>
    /// <param name="page">The file's first bytes.</param>
    /// <param name="fileBytes">The file's length.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="InvalidDataException">Not such a file, an unknown version, truncated or damaged; says which.</exception>
    public static HnswFileHeader Read(ReadOnlySpan<byte> page, long fileBytes, string path)
    {
        if (page.Length < Magic.Length || !page[..Magic.Length].SequenceEqual(Magic))
        {
            throw new InvalidDataException($"'{path}' is not an index file: it does not begin as one.");
        }
        if (page.Length < SizeBytes)
        {
            throw new InvalidDataException($"'{path}' is truncated: {fileBytes} bytes, shorter than its header of {SizeBytes}.");
        }
        var version = BinaryPrimitives.ReadUInt32LittleEndian(page[8..]);
        if (version is < OldestVersion or > CurrentVersion)
        {
            throw new InvalidDataException($"'{path}' is an index file of version {version}; this program reads versions {OldestVersion} to {CurrentVersion}.");
        }
        if (BinaryPrimitives.ReadUInt64LittleEndian(page[ChecksumAt..]) != XxHash3.HashToUInt64(page[..ChecksumAt]))
        {
            throw new InvalidDataException($"'{path}' is corrupt: the checksum of its header does not match.");
        }
        var header = new HnswFileHeader
        {
            Version = version,
            Metric = (SimilarityMetric)BinaryPrimitives.ReadInt32LittleEndian(page[12..]),
            Dimension = BinaryPrimitives.ReadInt32LittleEndian(page[16..]),
            Items = BinaryPrimitives.ReadInt32LittleEndian(page[20..]),
            Layers = BinaryPrimitives.ReadInt32LittleEndian(page[24..]),
            Entry = BinaryPrimitives.ReadInt32LittleEndian(page[28..]),
            BaseItems = BinaryPrimitives.ReadInt32LittleEndian(page[32..]),
            Fitted = BinaryPrimitives.ReadInt32LittleEndian(page[36..]),
            LeastHalfNorm = BinaryPrimitives.ReadSingleLittleEndian(page[84..]),
            HalfNormStep = BinaryPrimitives.ReadSingleLittleEndian(page[88..]),
            Radius = BinaryPrimitives.ReadSingleLittleEndian(page[92..]),
            Precision = (CodePrecision)BinaryPrimitives.ReadInt32LittleEndian(page[96..]),
            Options = new HnswOptions
            {
                M = BinaryPrimitives.ReadInt32LittleEndian(page[40..]),
                EfConstruction = BinaryPrimitives.ReadInt32LittleEndian(page[44..]),
                EfSearch = BinaryPrimitives.ReadInt32LittleEndian(page[48..]),
                BuildThreads = BinaryPrimitives.ReadInt32LittleEndian(page[52..]),
                Seed = BinaryPrimitives.ReadUInt64LittleEndian(page[56..]),
            },
            TableFingerprint = BinaryPrimitives.ReadUInt64LittleEndian(page[64..]),
            FileBytes = BinaryPrimitives.ReadInt64LittleEndian(page[72..]),
            Sections = ReadSections(page, path),
        };
        if (header.FileBytes != fileBytes)
        {
            var what = fileBytes < header.FileBytes ? "truncated" : "too long";
            throw new InvalidDataException($"'{path}' is {what}: {fileBytes} bytes where its header promises {header.FileBytes}.");
        }
        return header;
    }

    private static FileSection[] ReadSections(ReadOnlySpan<byte> page, string path)
    {
        var count = BinaryPrimitives.ReadInt32LittleEndian(page[80..]);
        if ((uint)count > MostSections) throw new InvalidDataException($"'{path}' is corrupt: {count} sections.");
        var sections = new FileSection[count];
        for (var i = 0; i < count; i++)
        {
            var entry = page[(SectionsAt + (i * FileSection.EntryBytes))..];
            sections[i] = new FileSection(
                (SectionKind)BinaryPrimitives.ReadInt32LittleEndian(entry),
                BinaryPrimitives.ReadInt32LittleEndian(entry[4..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(entry[16..]),
                BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]));
        }
        return sections;
    }
}

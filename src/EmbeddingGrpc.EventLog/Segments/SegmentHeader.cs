using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>
/// What a segment file begins with: magic, format version, its first offset, its salt, and the producer table as it was when the segment was
/// begun, so that deleting older segments loses no producer's number. Immutable.
/// </summary>
/// <param name="BaseOffset">The offset of its first entry.</param>
/// <param name="CreatedMs">When it was begun, in milliseconds since the Unix epoch.</param>
/// <param name="Salt">Random; seeds the checksums of its groups.</param>
/// <param name="Length">Bytes: the first group begins here.</param>
internal sealed record SegmentHeader(long BaseOffset, long CreatedMs, long Salt, int Length)
{
    public const int FormatVersion = 1;
    private const int HighestVersion = 255;
    private const int FixedSize = 40;
    private const int HashSize = sizeof(ulong);

    private static ReadOnlySpan<byte> Magic => "EMBGLOG\n"u8;

    /// <summary>Builds a header and its bytes.</summary>
    public static (SegmentHeader Header, byte[] Bytes) Create(long baseOffset, long createdMs, ProducerTable producers)
    {
        var salt = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
        var output = new ByteWriter(4096);
        output.GetSpan(FixedSize)[..FixedSize].Clear();
        output.Advance(FixedSize);
        producers.Write(output);
        var bytes = new byte[output.Length + HashSize];
        output.Written.CopyTo(bytes);
        var header = new SegmentHeader(baseOffset, createdMs, salt, bytes.Length);
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), FormatVersion);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), header.Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), baseOffset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(24), createdMs);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(32), salt);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - HashSize), XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - HashSize)));
        return (header, bytes);
    }

    /// <summary>Reads and checks the header of a segment.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="path">Its path, for the message.</param>
    /// <param name="producers">Filled with its snapshot; null to leave it.</param>
    /// <exception cref="LogCorruptException">It is damaged.</exception>
    /// <exception cref="LogUnavailableException">It is of a format that this version does not know: nothing is wrong with it, and nothing may be changed.</exception>
    public static SegmentHeader Read(IFile file, string path, ProducerTable? producers)
    {
        var start = new byte[FixedSize];
        if (file.Read(0, start) < FixedSize || !start.AsSpan().StartsWith(Magic))
            throw new LogCorruptException(path, 0, "it does not begin as a segment of the event log does");
        var version = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(8));
        var length = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(12));
        var isPossible = length >= FixedSize + HashSize && length <= file.Length;
        if (version == FormatVersion && !isPossible) throw new LogCorruptException(path, 12, $"its header cannot be {length} bytes long");
        var bytes = new byte[isPossible ? length : FixedSize];
        var isWhole = isPossible && file.Read(0, bytes) == length;
        if (version != FormatVersion)
        {
            // Where everything else is as it should be, or the number is none that will ever be, it is the number that is damaged.
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), FormatVersion);
            if (version is < FormatVersion or > HighestVersion || (isWhole && IsIntact(bytes))) throw new LogCorruptException(path, 8, $"it cannot be of format version {version}");
            throw new LogUnavailableException(
                $"'{path}' has format version {version}; this program reads version {FormatVersion}. Start the version of the program that wrote it, or restore a backup from before.",
                retryMayHelp: false);
        }
        if (!isWhole || !IsIntact(bytes)) throw new LogCorruptException(path, 0, "the checksum of its header is wrong");
        if (producers is not null) ReadProducers(bytes, path, producers);
        return new SegmentHeader(
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(16)),
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(24)),
            BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32)),
            length);
    }

    /// <summary>The bytes of a header that <see cref="Read"/> accepted.</summary>
    public static byte[] ReadBytes(IFile file, SegmentHeader header)
    {
        var bytes = new byte[header.Length];
        return file.Read(0, bytes) == bytes.Length ? bytes : throw new EndOfStreamException("The file has become shorter than its header.");
    }

    /// <summary>
    /// What a damaged header says, unchecked, with its offset taken from the file's name. Good for one thing: to try whether groups answer to its salt.
    /// </summary>
    public static SegmentHeader Guess(IFile file, long baseOffset)
    {
        var bytes = new byte[FixedSize];
        file.Read(0, bytes);
        return new SegmentHeader(
            baseOffset, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(24)), BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(32)), Length: 0);
    }

    private static bool IsIntact(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt64LittleEndian(bytes[^HashSize..]) == XxHash3.HashToUInt64(bytes[..^HashSize]);

    private static void ReadProducers(byte[] bytes, string path, ProducerTable producers)
    {
        try
        {
            var input = new ByteReader(bytes, FixedSize, bytes.Length - FixedSize - HashSize);
            producers.Read(ref input);
        }
        catch (InvalidDataException e)
        {
            throw new LogCorruptException(path, FixedSize, $"its table of producers cannot be read: {e.Message}");
        }
    }
}

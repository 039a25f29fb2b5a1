using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// The first 64 bytes of a binary file of this project: eight ASCII characters of magic, a version, two numbers that describe the shape, the
/// payload's length and XXH3 checksum, and a checksum of the header itself, all little-endian. 64 bytes keep a mapped payload aligned.
/// </summary>
/// <param name="Magic">Eight ASCII characters that name the format.</param>
/// <param name="Version">Version of the format.</param>
/// <param name="First">First number of the shape.</param>
/// <param name="Second">Second number of the shape.</param>
/// <param name="PayloadBytes">Bytes that follow the header.</param>
/// <param name="PayloadChecksum">XXH3 (64 bits) of those bytes.</param>
public readonly record struct FileHeader(string Magic, uint Version, long First, long Second, long PayloadBytes, ulong PayloadChecksum)
{
    /// <summary>Length of the header in a file.</summary>
    public const int SizeBytes = 64;

    private const int ChecksumAt = SizeBytes - sizeof(ulong);

    /// <summary>Writes the header.</summary>
    public void Write(Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        Span<byte> bytes = stackalloc byte[SizeBytes];
        bytes.Clear();
        if (Encoding.ASCII.GetBytes(Magic, bytes) != 8)
        {
            throw new InvalidOperationException($"A file's magic has eight characters; '{Magic}' has not.");
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], First);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], Second);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], PayloadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[40..], PayloadChecksum);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[ChecksumAt..], XxHash3.HashToUInt64(bytes[..ChecksumAt]));
        destination.Write(bytes);
    }

    /// <summary>Reads and checks the header of a file of one format and version.</summary>
    /// <param name="bytes">The file's first bytes: <see cref="SizeBytes"/> of them unless it is shorter.</param>
    /// <param name="magic">The format's magic.</param>
    /// <param name="version">The only version that can be read.</param>
    /// <param name="path">The file, for the message.</param>
    /// <param name="fileBytes">The file's length, checked against the header.</param>
    /// <exception cref="InvalidDataException">Not such a file, another version, a damaged header, or the wrong length; says which.</exception>
    public static FileHeader Read(ReadOnlySpan<byte> bytes, string magic, uint version, string path, long fileBytes)
    {
        ArgumentNullException.ThrowIfNull(magic);
        if (bytes.Length < SizeBytes)
        {
            throw new InvalidDataException($"'{path}' is truncated: {fileBytes} bytes, shorter than its {SizeBytes}-byte header.");
        }

        if (!bytes[..8].SequenceEqual(Encoding.ASCII.GetBytes(magic)))
        {
            throw new InvalidDataException($"'{path}' is not a {magic} file: its first eight bytes say something else.");
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[ChecksumAt..]) != XxHash3.HashToUInt64(bytes[..ChecksumAt]))
        {
            throw new InvalidDataException($"'{path}' is corrupt: the checksum of its header does not match.");
        }

        var header = new FileHeader(
            magic,
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[40..]));
        if (header.Version != version)
        {
            throw new InvalidDataException($"'{path}' has version {header.Version} of {magic}; this program reads version {version}.");
        }

        if (fileBytes != SizeBytes + header.PayloadBytes)
        {
            string what = fileBytes < SizeBytes + header.PayloadBytes ? "truncated" : "too long";
            throw new InvalidDataException($"'{path}' is {what}: {fileBytes} bytes where its header promises {SizeBytes + header.PayloadBytes}.");
        }

        return header;
    }

    /// <summary>Checks the payload's checksum.</summary>
    /// <exception cref="InvalidDataException">It does not match.</exception>
    public void VerifyPayload(ulong actualChecksum, string path)
    {
        if (actualChecksum != PayloadChecksum)
        {
            throw new InvalidDataException($"'{path}' is corrupt: the checksum of its contents is {actualChecksum:x16}, its header says {PayloadChecksum:x16}.");
        }
    }
}

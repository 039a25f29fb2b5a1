using System.Buffers.Binary;
using System.IO.Hashing;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>The 64 bytes before each group's payload, little-endian. Immutable.</summary>
/// <param name="Position">Where the group stands in its file. Groups are contiguous, so this is also where the one before it ends.</param>
/// <param name="SyncedEnd">
/// Up to where the file was on stable storage when this group was written. A valid group proves with it that damage before that place is
/// corruption, not the torn tail of a crash.
/// </param>
/// <param name="BaseOffset">The offset of its first entry.</param>
/// <param name="EntryCount">Offsets it spans; 0 for a mark or a group that only moves producers forward.</param>
/// <param name="PayloadLength">Bytes that follow.</param>
/// <param name="CommitTimeMs">When it was written, in milliseconds since the Unix epoch.</param>
/// <param name="PayloadHash">XxHash3 of the payload, seeded by the segment's salt.</param>
internal readonly record struct GroupHeader(
    long Position, long SyncedEnd, long BaseOffset, int EntryCount, int PayloadLength, long CommitTimeMs, ulong PayloadHash)
{
    public const int Size = 64;

    /// <summary>The first bytes of every group: what a search for later groups looks for.</summary>
    public static ReadOnlySpan<byte> Magic => "GRP1"u8;

    /// <summary>A header alone says: everything before me is synced. It ends a finished segment and a log that was closed.</summary>
    public bool IsMark => EntryCount == 0 && PayloadLength == 0;

    public long EndPosition => Position + Size + PayloadLength;

    public long EndOffset => BaseOffset + EntryCount;

    /// <param name="destination">At least <see cref="Size"/> bytes.</param>
    /// <param name="salt">The segment's. It keeps bytes that a client chose, inside an id, from ever passing as a group.</param>
    public void Write(Span<byte> destination, long salt)
    {
        var header = destination[..Size];
        header.Clear();
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], Position);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], SyncedEnd);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], BaseOffset);
        BinaryPrimitives.WriteInt32LittleEndian(header[32..], EntryCount);
        BinaryPrimitives.WriteInt32LittleEndian(header[36..], PayloadLength);
        BinaryPrimitives.WriteInt64LittleEndian(header[40..], CommitTimeMs);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], PayloadHash);
        BinaryPrimitives.WriteUInt64LittleEndian(header[56..], XxHash3.HashToUInt64(header[..56], salt));
    }

    /// <summary>False where the bytes are not a header of the segment with this salt.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, long salt, out GroupHeader header)
    {
        header = default;
        if (source.Length < Size || !source.StartsWith(Magic)) return false;
        if (BinaryPrimitives.ReadUInt64LittleEndian(source[56..]) != XxHash3.HashToUInt64(source[..56], salt)) return false;
        header = new GroupHeader(
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[36..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[40..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[48..]));
        return header is { BaseOffset: >= 0, EntryCount: >= 0, PayloadLength: >= 0 };
    }
}

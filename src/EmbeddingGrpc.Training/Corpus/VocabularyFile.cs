using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// A vocabulary on disk: a <see cref="FileHeader"/> (shape: items, total count) and, in the order of ordinals, each item's count (8 bytes),
/// the length of its id (2 bytes) and its id in UTF-8.
/// </summary>
internal static class VocabularyFile
{
    private const string Magic = "EGVOCABL";
    private const uint Version = 1;
    private const int FixedBytes = sizeof(long) + sizeof(ushort);

    public static void Write(Vocabulary vocabulary, Stream destination)
    {
        ArgumentNullException.ThrowIfNull(destination);

        // Twice over the items, so that the checksum can precede them on a stream that cannot seek.
        var hash = new XxHash3();
        long bytes = 0;
        WriteItems(vocabulary, block =>
        {
            hash.Append(block);
            bytes += block.Length;
        });
        new FileHeader(Magic, Version, vocabulary.Count, vocabulary.TotalCount, bytes, hash.GetCurrentHashAsUInt64()).Write(destination);
        WriteItems(vocabulary, destination.Write);
    }

    public static Vocabulary Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16);
        Span<byte> first = stackalloc byte[FileHeader.SizeBytes];
        first = first[..stream.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)];
        var header = FileHeader.Read(first, Magic, Version, path, stream.Length);
        header.VerifyPayload(Checksum(stream), path);
        stream.Position = FileHeader.SizeBytes;
        if (header.First < 0 || header.First > header.PayloadBytes / FixedBytes)
        {
            throw new InvalidDataException($"'{path}' is corrupt: {header.PayloadBytes} bytes cannot hold {header.First} items.");
        }

        return ReadItems(stream, header, path);
    }

    private static ulong Checksum(FileStream stream)
    {
        var hash = new XxHash3();
        hash.Append(stream);
        return hash.GetCurrentHashAsUInt64();
    }

    private static Vocabulary ReadItems(FileStream stream, FileHeader header, string path)
    {
        var ids = new IdTable((int)header.First);
        var counts = new long[header.First];
        var buffer = new byte[IdTable.MaximumIdBytes];
        long left = header.PayloadBytes;
        for (int item = 0; item < counts.Length; item++)
        {
            int length = 0;
            if (left >= FixedBytes)
            {
                stream.ReadExactly(buffer, 0, FixedBytes);
                counts[item] = BinaryPrimitives.ReadInt64LittleEndian(buffer);
                length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(sizeof(long)));
            }

            left -= FixedBytes + length;
            if (left < 0)
            {
                throw new InvalidDataException($"'{path}' is corrupt: it ends within item {item} of {counts.Length}.");
            }

            stream.ReadExactly(buffer, 0, length);
            if (ids.Intern(buffer.AsSpan(0, length)) != item)
            {
                throw new InvalidDataException($"'{path}' is corrupt: item {item} repeats the id of an earlier one.");
            }
        }

        var vocabulary = new Vocabulary(ids, counts);
        if (left != 0 || vocabulary.TotalCount != header.Second)
        {
            throw new InvalidDataException(
                $"'{path}' is corrupt: its items leave {left} bytes and count {vocabulary.TotalCount} interactions, its header says {header.Second}.");
        }

        return vocabulary;
    }

    private static void WriteItems(Vocabulary vocabulary, BlockWriter write)
    {
        var buffer = new byte[FixedBytes + IdTable.MaximumIdBytes + (1 << 16)];
        int used = 0;
        for (int item = 0; item < vocabulary.Count; item++)
        {
            var id = vocabulary.Utf8IdOf(new ItemOrdinal(item));
            if (used + FixedBytes + id.Length > buffer.Length)
            {
                write(buffer.AsSpan(0, used));
                used = 0;
            }

            BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan(used), vocabulary.CountOf(new ItemOrdinal(item)));
            BinaryPrimitives.WriteUInt16LittleEndian(buffer.AsSpan(used + sizeof(long)), (ushort)id.Length);
            id.CopyTo(buffer.AsSpan(used + FixedBytes));
            used += FixedBytes + id.Length;
        }

        write(buffer.AsSpan(0, used));
    }

    private delegate void BlockWriter(ReadOnlySpan<byte> block);
}

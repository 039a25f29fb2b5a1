using System.Buffers.Binary;
using System.IO.Hashing;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// How an answer lies in a store that others can write to: magic, checksum of all that follows, length of the key, the canonical key, the
/// answer. What is damaged, or answers another query, does not open.
/// </summary>
public static class AnswerEnvelope
{
    private const uint Magic = 0x31414745; // "EGA1"
    private const int ChecksumAt = 4;
    private const int KeyLengthAt = 12;
    private const int KeyAt = 16;

    /// <summary>Wraps an answer.</summary>
    public static byte[] Seal(RecallCacheKey key, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(key);
        var canonical = key.Canonical.Span;
        var sealedBytes = new byte[KeyAt + canonical.Length + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(sealedBytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(sealedBytes.AsSpan(KeyLengthAt), canonical.Length);
        canonical.CopyTo(sealedBytes.AsSpan(KeyAt));
        body.CopyTo(sealedBytes.AsSpan(KeyAt + canonical.Length));
        BinaryPrimitives.WriteUInt64LittleEndian(sealedBytes.AsSpan(ChecksumAt), XxHash64.HashToUInt64(sealedBytes.AsSpan(KeyLengthAt)));
        return sealedBytes;
    }

    /// <summary>Unwraps an answer.</summary>
    /// <param name="bytes">What the store gave. The body is a part of it.</param>
    /// <param name="key">The query that was asked.</param>
    /// <param name="body">The answer.</param>
    /// <returns>False where the bytes are not such an envelope, are damaged, or answer another query.</returns>
    public static bool TryOpen(byte[] bytes, RecallCacheKey key, out ReadOnlyMemory<byte> body)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        ArgumentNullException.ThrowIfNull(key);
        body = default;
        var canonical = key.Canonical.Span;
        if (bytes.Length < KeyAt + canonical.Length
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(KeyLengthAt)) != canonical.Length
            || !bytes.AsSpan(KeyAt, canonical.Length).SequenceEqual(canonical)
            || BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(ChecksumAt)) != XxHash64.HashToUInt64(bytes.AsSpan(KeyLengthAt)))
        {
            return false;
        }

        body = bytes.AsMemory(KeyAt + canonical.Length);
        return true;
    }
}

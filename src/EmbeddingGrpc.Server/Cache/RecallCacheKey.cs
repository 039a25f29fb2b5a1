using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Everything that changes an answer, as canonical bytes with their 128-bit hash. Equality compares the bytes: a hash collision, made on
/// purpose or not, can cost a hit and never answers another query. Immutable.
/// </summary>
public sealed class RecallCacheKey : IEquatable<RecallCacheKey>
{
    internal RecallCacheKey(byte[] canonical, RecallKind kind, bool isShareable)
    {
        Canonical = canonical;
        Kind = kind;
        IsShareable = isShareable;
        Hash = XxHash128.HashToUInt128(canonical);
    }

    /// <summary>The canonical bytes.</summary>
    public ReadOnlyMemory<byte> Canonical { get; }

    /// <summary>Hash of <see cref="Canonical"/>.</summary>
    public UInt128 Hash { get; }

    /// <summary>What is asked for.</summary>
    public RecallKind Kind { get; }

    /// <summary>Whether the answer may leave the process. One of a user's history may not: its key changes with every click, and it is nobody else's business.</summary>
    public bool IsShareable { get; }

    /// <inheritdoc/>
    public bool Equals(RecallCacheKey? other) =>
        other is not null && (ReferenceEquals(this, other) || (Hash == other.Hash && Canonical.Span.SequenceEqual(other.Canonical.Span)));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as RecallCacheKey);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)(uint)Hash;

    /// <summary>The hash as 32 hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Hash);
        return Convert.ToHexStringLower(bytes);
    }
}

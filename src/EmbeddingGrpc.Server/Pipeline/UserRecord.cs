using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What is kept of a user besides the events, which lie in a block that it names. 64 bytes, one or two cache lines.</summary>
internal struct UserRecord
{
    /// <summary>Of the id.</summary>
    public ulong Hash;

    /// <summary>Changes with the history.</summary>
    public long Version;

    /// <summary>The next user of the same bucket, or <see cref="None"/>.</summary>
    public int NextInBucket;

    /// <summary>Block of the events, in the pool of <see cref="EventClass"/>.</summary>
    public int EventBlock;

    /// <summary>Events in the block.</summary>
    public ushort EventCount;

    /// <summary>Length of the id, in bytes of UTF-8; 0 where nobody lies.</summary>
    public ushort IdLength;

    /// <summary>Which pool the events lie in.</summary>
    public byte EventClass;

    /// <summary>The id where it fits, otherwise the number of its block.</summary>
    private InlineBytes _id;

    /// <summary>Stands for no user.</summary>
    public const int None = -1;

    /// <summary>Longer ids lie in a block of their own.</summary>
    public const int InlineIdBytes = 32;

    /// <summary>Whether the id lies in the record.</summary>
    public readonly bool HasInlineId => IdLength <= InlineIdBytes;

    /// <summary>Block of an id that does not, in the pool for its length.</summary>
    public int IdBlock
    {
        readonly get => MemoryMarshal.Read<int>(_id);
        set => MemoryMarshal.Write(_id, value);
    }

    /// <summary>Room for an id that lies in the record.</summary>
    [UnscopedRef]
    public Span<byte> InlineId => _id;

    [InlineArray(InlineIdBytes)]
    private struct InlineBytes
    {
        private byte _first;
    }
}

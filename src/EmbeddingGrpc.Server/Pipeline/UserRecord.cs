namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What is kept of a user besides the id and the events, which lie in blocks that it names. 48 bytes.</summary>
internal struct UserRecord
{
    /// <summary>Of the id.</summary>
    public ulong Hash;

    /// <summary>Changes with the history.</summary>
    public long Version;

    /// <summary>The next user of the same bucket, or <see cref="None"/>.</summary>
    public int NextInBucket;

    /// <summary>The user that was active just before this one, or <see cref="None"/>.</summary>
    public int Older;

    /// <summary>The user that was active just after this one, or <see cref="None"/>.</summary>
    public int Newer;

    /// <summary>Block of the id, in the pool for its length.</summary>
    public int IdBlock;

    /// <summary>Block of the events, in the pool of <see cref="EventClass"/>.</summary>
    public int EventBlock;

    /// <summary>Events in the block.</summary>
    public ushort EventCount;

    /// <summary>Length of the id, in bytes of UTF-8.</summary>
    public ushort IdLength;

    /// <summary>Which pool the events lie in.</summary>
    public byte EventClass;

    /// <summary>Stands for no user.</summary>
    public const int None = -1;
}

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>An item of the graph, in 32 bytes; its edges lie in a block elsewhere.</summary>
internal struct GraphNode
{
    /// <summary>The offset of the last interaction that changed it, plus one; its complement while that is being done. 0 before the first.</summary>
    public long Version;

    /// <summary>Decayed weight of all connections that lead away, of edges that were let go of too.</summary>
    public float Out;

    /// <summary>Decayed weight of all connections that lead here.</summary>
    public float In;

    /// <summary>Where the edges lie, heaviest first.</summary>
    public int Block;

    /// <summary>Edges.</summary>
    public ushort EdgeCount;

    /// <summary>Pool of the block.</summary>
    public byte EdgeClass;

    /// <summary>Unit of the weights: see <see cref="GraphClock"/>.</summary>
    public int Epoch;

    /// <summary>Whether nothing was ever said of the item: all of it is zero.</summary>
    public readonly bool IsNone => Version == 0 && Out == 0 && In == 0 && (Block | EdgeCount | EdgeClass | Epoch) == 0;
}

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>One part of an index file, aligned to <see cref="Alignment"/>.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Layer">Of which layer; 0 where that means nothing.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Checksum">XXH3 (64 bits) of them.</param>
internal readonly record struct FileSection(SectionKind Kind, int Layer, long Offset, long Length, ulong Checksum)
{
    /// <summary>Sections start at multiples of this, a page, so that each can be mapped.</summary>
    public const int Alignment = 4096;

    /// <summary>Bytes of an entry in the header.</summary>
    public const int EntryBytes = 32;

    /// <summary>The first aligned place at or after an offset.</summary>
    public static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}

/// <summary>What a section holds.</summary>
internal enum SectionKind
{
    /// <summary>[dimension] floats taken from rows before they were encoded.</summary>
    Mean = 1,

    /// <summary>[items, code stride] bytes.</summary>
    Codes = 2,

    /// <summary>[nodes, link stride] node numbers of one layer.</summary>
    Links = 3,

    /// <summary>[nodes, 2]: item and number on the layer below of each node of one layer.</summary>
    Nodes = 4,
}

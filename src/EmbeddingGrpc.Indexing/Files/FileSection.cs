namespace EmbeddingGrpc.Indexing.Files;

/// <summary>One part of an index file, aligned to <see cref="Alignment"/>.</summary>
/// <param name="Kind">What it holds.</param>
/// <param name="Layer">Of which layer; 0 where that means nothing.</param>
/// <param name="Offset">First byte in the file.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Checksum">Their <see cref="SectionChecksum"/>.</param>
internal readonly record struct FileSection(SectionKind Kind, int Layer, long Offset, long Length, ulong Checksum)
{
    /// <summary>Sections start at multiples of this, a page, so that each can be mapped.</summary>
    public const int Alignment = 4096;

    /// <summary>Bytes of an entry in the header.</summary>
    public const int EntryBytes = 32;

    /// <summary>The first aligned place at or after an offset.</summary>
    public static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;
}

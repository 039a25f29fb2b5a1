namespace EmbeddingGrpc.Indexing;

/// <summary>How an index file is opened.</summary>
public sealed record IndexOpenOptions
{
    /// <summary>
    /// Whether the file is mapped: pages are shared with others who map it and read when they are needed, and what is written later goes to
    /// pages of the index's own. Otherwise it is read into memory of its own, which can have huge pages: a search of an index that exceeds the
    /// caches visits a new page with nearly every step, and waits for less. Where files cannot be mapped so, it is read.
    /// </summary>
    public bool Mapped { get; init; } = true;

    /// <summary>
    /// Whether the checksums of all sections are verified before the index is opened, which reads the whole file once. Otherwise only the
    /// header and what leads from layer to layer are, and <see cref="HnswIndex.Verify"/> can be called for the rest; damage to the rest makes
    /// answers wrong, but no search fail.
    /// </summary>
    public bool Verified { get; init; } = true;
}

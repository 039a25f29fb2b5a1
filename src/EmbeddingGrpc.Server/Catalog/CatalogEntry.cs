namespace EmbeddingGrpc.Server.Catalog;

/// <summary>What a catalogue keeps of an item. Immutable: replaced as a whole, so that a reader sees one state of it.</summary>
/// <param name="Version">The log offset just behind the record that made it.</param>
/// <param name="Attributes">As <see cref="AttributeCodec"/> encodes them; null for an item that was deleted.</param>
internal sealed record CatalogEntry(long Version, ReadOnlyMemory<byte>? Attributes)
{
    /// <summary>Whether the item was deleted.</summary>
    public bool IsDeleted => Attributes is null;

    /// <summary>The attributes; none for a deleted item.</summary>
    public IReadOnlyDictionary<string, AttributeValue> Decode() => Attributes is { } bytes ? AttributeCodec.Decode(bytes) : AttributeCodec.None;
}

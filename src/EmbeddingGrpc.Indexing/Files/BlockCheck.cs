namespace EmbeddingGrpc.Indexing.Files;

/// <summary>Looks at a block of a section while it is verified.</summary>
/// <param name="block">The bytes: whole 64-byte lines, but for the last block of a section.</param>
/// <param name="offset">First byte in the section.</param>
/// <returns>What is wrong with it, or null.</returns>
internal delegate InvalidDataException? BlockCheck(ReadOnlySpan<byte> block, long offset);

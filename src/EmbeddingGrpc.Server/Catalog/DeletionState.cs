using System.Collections.Immutable;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>Which deletions an answer that is searched from now on has for certain, and which an older one may lack. Immutable.</summary>
/// <param name="Revision">Deletions of log records before this offset are in every answer cached under it.</param>
/// <param name="Recent">Ids of items deleted since, which such an answer may still have.</param>
public sealed record DeletionState(long Revision, ImmutableHashSet<string> Recent);

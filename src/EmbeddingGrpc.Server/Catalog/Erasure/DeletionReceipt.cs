using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>What a deletion of items did.</summary>
/// <param name="Offset">The log offset behind the records.</param>
/// <param name="Deleted">From when on nobody was answered them.</param>
/// <param name="Purge">What was done to the files; null where that was not asked for.</param>
public sealed record DeletionReceipt(LogOffset Offset, DateTimeOffset Deleted, PurgeReceipt? Purge);

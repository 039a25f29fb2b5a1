using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>A purge under way.</summary>
/// <param name="Deleted">The log offset behind the items' deletion: what they were upserted with since stays.</param>
/// <param name="Items">Their ids.</param>
internal sealed record PurgeNote(LogOffset Deleted, IReadOnlySet<string> Items);

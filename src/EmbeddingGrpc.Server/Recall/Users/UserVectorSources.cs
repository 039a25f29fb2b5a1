using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>How far that was known which vectors of users were made of: as long as neither grows, others would not differ.</summary>
/// <param name="Applied">The log was applied up to here.</param>
/// <param name="OverlayRows">Rows that were folded into the generation.</param>
internal readonly record struct UserVectorSources(LogOffset Applied, int OverlayRows);

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>What taking the attributes of deleted items out of the files did. Written when all of it is done.</summary>
/// <param name="RecordsErased">Records taken out of the log.</param>
/// <param name="SegmentsRewritten">Files of the log that were written anew.</param>
/// <param name="FilesLeft">Files that may still hold attributes, because someone keeps them by hand: what <c>log salvage</c> put aside.</param>
/// <param name="Completed">When.</param>
public sealed record PurgeReceipt(long RecordsErased, int SegmentsRewritten, IReadOnlyList<string> FilesLeft, DateTimeOffset Completed);

using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>What an erasure did. Written when all of it is done.</summary>
/// <param name="Offset">The log offset behind the erase record: what the user did before it is gone; a user who comes back begins anew behind it.</param>
/// <param name="Hash">The keyed hash in the record, in hexadecimal digits.</param>
/// <param name="InteractionsErased">Interactions taken out of the log; of all users that were erased together with this one.</param>
/// <param name="SegmentsRewritten">Files of the log that were written anew.</param>
/// <param name="FilesLeft">Files that may still hold the user, because someone keeps them by hand: what <c>log salvage</c> put aside.</param>
/// <param name="Completed">When.</param>
public sealed record ErasureReceipt(
    LogOffset Offset, string Hash, long InteractionsErased, int SegmentsRewritten, IReadOnlyList<string> FilesLeft, DateTimeOffset Completed);

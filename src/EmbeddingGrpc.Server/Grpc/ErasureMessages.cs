using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Models;
using Google.Protobuf.WellKnownTypes;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>A receipt of an erasure as a message. Stateless.</summary>
internal static class ErasureMessages
{
    /// <param name="receipt">What was done.</param>
    /// <param name="model">The model that was asked.</param>
    /// <param name="now">When the caches were free of the user.</param>
    public static EraseUserResponse ToMessage(this ErasureReceipt receipt, ModelRuntime model, DateTimeOffset now)
    {
        var (done, forgotten) = (Timestamp.FromDateTimeOffset(receipt.Completed), Timestamp.FromDateTimeOffset(now));
        var response = new EraseUserResponse
        {
            LogOffset = (ulong)receipt.Offset.Value,
            UserHash = receipt.Hash,
            CompleteTime = done,
            InteractionsErased = (ulong)receipt.InteractionsErased,
            Stores =
            {
                Store("event_log", done, $"{receipt.InteractionsErased} interactions were taken out, {receipt.SegmentsRewritten} files written anew."),
                Store("user_histories", done, "The history was dropped. Counts of items stay: they name nobody."),
                Store("similar_users", done, "The user's vector was dropped: the user is nobody's similar user any more."),
                Store("checkpoints", done, "A new one was written and the older ones deleted."),
                Store("memory_cache", forgotten, "Answers to the user were dropped."),
                Store("redis", forgotten, "Answers to users are never written to it."),
                Store(
                    "generations",
                    null,
                    "They hold items, not users. What was learned from the user together with others stays in the vectors of the generations on disk until"
                    + $" the next trainings of model '{model.Name}' have replaced them."),
            },
        };
        if (receipt.FilesLeft.Count > 0) response.Stores.Add(Salvaged(receipt.FilesLeft));
        return response;
    }

    /// <summary>Where a deleted item could be, and what became of it there.</summary>
    public static IEnumerable<ErasedStore> ToStores(this DeletionReceipt receipt)
    {
        var deleted = Timestamp.FromDateTimeOffset(receipt.Deleted);
        yield return Store("catalogue", deleted, "The attributes were dropped: no filter and no list knows the item.");
        yield return Store("index", deleted, "No search answers it, in the serving generation, in those on disk and in those to come. Where it has a row, that only leads to others.");
        yield return Store("memory_cache", deleted, "Answers that have it are not used any more.");
        yield return Store("redis", null, "Answers that have it are not used any more, and go when their time to live is over.");
        yield return Store("item_graph", null, "What users did with it stays what they did, says what else they like, and fades. It is never answered.");
        yield return Store("generations", null, "Its vectors are part of what was learned from what users did. They are neither answered nor told.");
        if (receipt.Purge is not { } purge)
        {
            yield return Store("event_log", null, "The attributes lie in its files until retention removes them; delete the item with 'purge' to take them out now. What users did with it stays.");
            yield return Store("checkpoints", null, "Older ones hold the attributes until two more are written; delete the item with 'purge' to replace them now.");
            yield break;
        }

        var done = Timestamp.FromDateTimeOffset(purge.Completed);
        yield return Store("event_log", done, $"{purge.RecordsErased} records with attributes were taken out, {purge.SegmentsRewritten} files written anew. What users did with it stays.");
        yield return Store("checkpoints", done, "A new one was written and the older ones deleted.");
        if (purge.FilesLeft.Count > 0) yield return Salvaged(purge.FilesLeft);
    }

    private static ErasedStore Salvaged(IReadOnlyList<string> files) =>
        Store("salvaged_files", null, $"'embedctl log salvage' put these aside; delete them: {string.Join(", ", files)}");

    private static ErasedStore Store(string name, Timestamp? free, string description) => new() { Name = name, FreeTime = free, Description = description };
}

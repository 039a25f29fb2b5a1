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
        if (receipt.FilesLeft.Count > 0)
        {
            response.Stores.Add(Store("salvaged_files", null, $"'embedctl log salvage' put these aside; delete them: {string.Join(", ", receipt.FilesLeft)}"));
        }

        return response;
    }

    private static ErasedStore Store(string name, Timestamp? free, string description) => new() { Name = name, FreeTime = free, Description = description };
}

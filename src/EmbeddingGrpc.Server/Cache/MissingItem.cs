using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>That a generation knows none of the items that a query names. Immutable.</summary>
/// <param name="ItemId">The item that the error names.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Message">What is said of it.</param>
/// <param name="ItemCount">Items that the generation had, folded-in ones included: with one more it may know them.</param>
internal sealed record MissingItem(string ItemId, string Generation, string Message, int ItemCount)
{
    /// <summary>The same error again.</summary>
    public ItemNotInGenerationException ToException() => new(ItemId, Generation, Message);
}

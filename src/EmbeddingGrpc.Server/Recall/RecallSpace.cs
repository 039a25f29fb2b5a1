using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Users;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>What one recall searches.</summary>
/// <param name="Generation">Leased by the caller for as long as the result is read.</param>
/// <param name="Items">Item keys of the model.</param>
/// <param name="Graph">Live item graph of the model.</param>
public readonly record struct RecallSpace(Generation Generation, ItemKeys Items, ItemGraph Graph)
{
    /// <summary>What is known of the items; null for a model without a catalogue.</summary>
    public ItemCatalog? Catalog { get; init; }

    /// <summary>What is popular; null where nothing is counted.</summary>
    public RecentPopularity? Popularity { get; init; }

    /// <summary>Vectors of users, of this generation; null where none are asked for.</summary>
    internal UserVectors? Users { get; init; }

    /// <summary>Finds an item by its id.</summary>
    /// <returns>False for an item that neither the generation nor the log knows.</returns>
    public bool TryFind(string itemId, out CandidateId item, out ItemKey key)
    {
        var hasKey = Items.TryGet(itemId, out key);
        if (!hasKey) key = Pull.NoKey;
        if (Generation.TryGetOrdinal(itemId, out var ordinal))
        {
            item = CandidateId.Of(ordinal);
            return true;
        }

        item = hasKey ? CandidateId.Of(key) : default;
        return hasKey;
    }

    /// <summary>An item of the graph or of a history.</summary>
    public CandidateId IdOf(ItemKey key) => Generation.TryGetOrdinal(key, out var ordinal) ? CandidateId.Of(ordinal) : CandidateId.Of(key);
}

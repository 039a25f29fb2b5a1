using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>What applying the log makes of it. One writer (the applier) for all of it; any number of readers.</summary>
/// <param name="Items">Item keys.</param>
/// <param name="Histories">Users' recent histories.</param>
/// <param name="Counters">What items have had lately.</param>
public sealed record AppliedState(ItemKeys Items, UserHistories Histories, ItemCounters Counters)
{
    /// <summary>What is known of items besides what users do with them.</summary>
    public ItemCatalog Catalog { get; init; } = new(Items, TimeProvider.System);

    /// <summary>Which items follow each other lately. The applier keeps it where <see cref="Parts"/> has its <see cref="ItemGraphPart"/>.</summary>
    public ItemGraph Graph { get; init; } = new(new ItemGraphOptions());

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => Items.SizeBytes + Histories.SizeBytes + Counters.SizeBytes + Catalog.SizeBytes + Parts.Sum(part => part.SizeBytes);

    /// <summary>What else is kept, in the order in which it is applied.</summary>
    internal IReadOnlyList<IAppliedPart> Parts { get; init; } = [];
}

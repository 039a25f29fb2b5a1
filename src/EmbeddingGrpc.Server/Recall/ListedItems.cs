using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Catalog.Filters;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>The few items that a filter may leave, in the orders in which a search asks for them. Immutable.</summary>
internal sealed class ListedItems
{
    /// <summary>More are looked for faster by walking; their numbers still fit where short-lived objects do.</summary>
    private const int Most = 16_384;

    /// <summary>A smaller share of few items is always worth it.</summary>
    private const int AlwaysWorth = 1024;

    /// <summary>A filter that leaves more than one of so many is asked instead.</summary>
    private const int LeastShare = 4;

    private const int Sample = 64;

    private ListedItems(ItemOrdinal[] ordinals, IReadOnlyList<int> keys, IReadOnlyList<int> unseen) => (Ordinals, Keys, Unseen) = (ordinals, keys, unseen);

    /// <summary>Those that the generation has, in the order of their ordinals.</summary>
    public ItemOrdinal[] Ordinals { get; }

    /// <summary>Keys of those that the log or the catalogue brought, the oldest first, whether the generation has them or not.</summary>
    public IReadOnlyList<int> Keys { get; }

    /// <summary>Ordinals of those that only the generation knows, in their order.</summary>
    public IReadOnlyList<int> Unseen { get; }

    /// <summary>Lists what a filter may leave.</summary>
    /// <returns>Null where that is much, or the filter cannot tell.</returns>
    public static ListedItems? Of(CompiledFilter filter, Generation generation)
    {
        var most = Math.Min(Most, Math.Max(AlwaysWorth, generation.ItemCount / LeastShare));
        if (IsMuch(filter, generation, most)) return null;
        var few = new FewItems(most);
        return filter.TryList(few) ? Of(few, generation) : null;
    }

    private static ListedItems Of(FewItems few, Generation generation)
    {
        var keys = new List<int>(few.Keys);
        var (ordinals, unseen) = (new List<int>(keys.Count), new List<int>());
        foreach (var ordinal in few.Ordinals)
        {
            // The stream may have seen it all the same.
            if (generation.TryGetKey(new ItemOrdinal(ordinal), out var key)) keys.Add(key.Value);
            else unseen.Add(ordinal);
        }

        SortOnce(keys);
        SortOnce(unseen);
        foreach (var key in keys)
            if (generation.TryGetOrdinal(new ItemKey(key), out var ordinal))
                ordinals.Add(ordinal.Value);
        ordinals.AddRange(unseen);
        ordinals.Sort();
        return new ListedItems([.. ordinals.Select(ordinal => new ItemOrdinal(ordinal))], keys, unseen);
    }

    /// <summary>Sorts what is most often sorted already, and keeps each once.</summary>
    private static void SortOnce(List<int> values)
    {
        var isSorted = true;
        for (var i = 1; i < values.Count && isSorted; i++) isSorted = values[i - 1] < values[i];
        if (isSorted) return;
        values.Sort();
        var kept = 0;
        for (var i = 0; i < values.Count; i++)
            if (kept == 0 || values[kept - 1] != values[i])
                values[kept++] = values[i];
        values.RemoveRange(kept, values.Count - kept);
    }

    /// <summary>Whether a filter leaves so much, by evenly spread items of the generation, that trying to list it is not worth while.</summary>
    private static bool IsMuch(CompiledFilter filter, Generation generation, int most)
    {
        var items = generation.Vocabulary.Count;
        var asked = Math.Min(Sample, items);
        var accepted = 0L;
        for (var i = 0; i < asked; i++)
        {
            if (filter.Accepts(FilteredItem.Of(new ItemOrdinal((int)((long)i * items / asked)), generation))) accepted++;
        }

        return accepted * items > 4L * most * asked;
    }
}

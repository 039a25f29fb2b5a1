namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>The share of hidden items that are among the first k of a list. A hidden item that the user had before, or that nobody trained on, is a miss.</summary>
internal static class HitRate
{
    /// <summary>Of the lists that a recommender gave, one for each hidden item.</summary>
    public static double Of(IReadOnlyList<HiddenItem> hidden, IReadOnlyList<IReadOnlyList<string>> lists, int k)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(lists.Count, hidden.Count, nameof(lists));
        return Mean(hidden, (item, i) => !item.Seen.Contains(item.ItemId) && lists[i].Take(k).Contains(item.ItemId) ? 1 : 0);
    }

    /// <summary>Of always naming the most popular items that the user has not seen.</summary>
    public static double OfPopularity(HoldOut split, int k)
    {
        var popular = split.Training.CountBy(interaction => interaction.ItemId)
            .OrderByDescending(count => count.Value).ThenBy(count => count.Key, StringComparer.Ordinal)
            .Select(count => count.Key).ToArray();
        return Mean(split.Hidden, (item, _) => popular.Where(id => !item.Seen.Contains(id)).Take(k).Contains(item.ItemId) ? 1 : 0);
    }

    /// <summary>Of drawing k different unseen items blindly, as its expectation.</summary>
    public static double OfChance(HoldOut split, int k)
    {
        var known = split.Training.Select(interaction => interaction.ItemId).ToHashSet();
        return Mean(
            split.Hidden,
            (item, _) => known.Contains(item.ItemId) && !item.Seen.Contains(item.ItemId) ? Math.Min(1.0, (double)k / (known.Count - item.Seen.Count)) : 0);
    }

    private static double Mean(IReadOnlyList<HiddenItem> hidden, Func<HiddenItem, int, double> score) =>
        hidden.Count == 0 ? 0 : hidden.Select(score).Average();
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>Gathers the contexts of items that a generation was not trained on. One thread.</summary>
/// <remarks>
/// Every interaction is looked at once, together with what its user did just before: the pair teaches the new item of the two, or both. What a user does
/// after a new item is so counted when it happens.
/// </remarks>
/// <param name="generation">The generation.</param>
/// <param name="contextOf">The ordinal of an item that can be a context; false for one that has no vectors.</param>
internal sealed class FoldInItems(Generation generation, FoldInItems.ContextLookup contextOf)
{
    private readonly Dictionary<int, FoldInItem> _items = [];

    /// <summary>Finds an item's ordinal.</summary>
    public delegate bool ContextLookup(ItemKey key, out ItemOrdinal ordinal);

    /// <summary>The items, in the order of their first interaction.</summary>
    public IReadOnlyCollection<FoldInItem> All => _items.Values;

    /// <summary>Takes an item of which something was known before; it is not here yet.</summary>
    public void Add(FoldInItem item) => _items.Add(item.Key.Value, item);

    /// <summary>Whether an item was seen near others, which says more than what it is.</summary>
    public bool HasContexts(ItemKey key) => _items.TryGetValue(key.Value, out var item) && item.ContextsSeen > 0;

    /// <summary>Looks at an interaction.</summary>
    /// <param name="happened">The interaction; of a type that trains.</param>
    /// <param name="before">What its user did before, oldest first.</param>
    /// <param name="options">How far apart a context may be.</param>
    /// <param name="onDue">Told of items for which it is time for better vectors.</param>
    public void Look(in HistoryEvent happened, ReadOnlySpan<HistoryEvent> before, ModelOptions options, Action<FoldInItem>? onDue)
    {
        var item = Find(happened.Item, options);
        if (item is not null) item.Count++;
        var distance = 0;
        for (var place = before.Length - 1; place >= 0 && distance < options.Training.Window; place--)
        {
            ref readonly var earlier = ref before[place];
            if (happened.EventTimeMs - earlier.EventTimeMs > options.SessionGap.TotalMilliseconds) break;
            if (!Trains(earlier, options)) continue;
            // As often as a window of random width holds it (Mikolov et al. 2013).
            var weight = (float)(options.Training.Window - distance++) / options.Training.Window;
            if (earlier.Item == happened.Item) continue;
            Pair(item, earlier.Item, weight, isBefore: true, onDue);
            Pair(Find(earlier.Item, options), happened.Item, weight, isBefore: false, onDue);
        }
    }

    /// <summary>Whether an event of a history is of a type that trains.</summary>
    public static bool Trains(in HistoryEvent happened, ModelOptions options) =>
        options.TrainOn.Include(new Interaction(string.Empty, string.Empty, happened.Type, happened.EventTimeMs, happened.Weight));

    private void Pair(FoldInItem? item, ItemKey context, float weight, bool isBefore, Action<FoldInItem>? onDue)
    {
        if (item is null || !contextOf(context, out var ordinal)) return;
        if (item.Add(new FoldInContext(ordinal, weight, isBefore))) onDue?.Invoke(item);
    }

    /// <summary>What is known of an item that the base lacks; null for one that it has, and beyond the limit.</summary>
    private FoldInItem? Find(ItemKey key, ModelOptions options)
    {
        if (generation.TryGetOrdinal(key, out var ordinal) && !generation.IsCold(ordinal)) return null;
        if (_items.TryGetValue(key.Value, out var item)) return item;
        if (_items.Count >= options.FoldIn.MaximumItems) return null;
        _items.Add(key.Value, item = new FoldInItem(key));
        return item;
    }
}

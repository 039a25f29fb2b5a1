using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// One generation's ordinals to item keys. Any number of threads: an entry is filled when it is first asked for, with a value that every thread would
/// compute alike; those of folded-in items are set by the one writer of the generation's overlay.
/// </summary>
/// <remarks>
/// That an item has no key is remembered together with how many keys there were: only when there are more can it have one. So items of an
/// import that nobody touches cost a lookup by their id now and then, not with every question.
/// </remarks>
internal sealed class KeyMap(Vocabulary vocabulary, ItemKeys items)
{
    // 0 until asked for, key + 1, or the complement of the number of keys among which it was not.
    private readonly int[] _base = new int[vocabulary.Count];
    private readonly ChunkedValues<int> _overlay = new(absent: 0);

    /// <summary>The key of an item.</summary>
    /// <returns>False for one that has none.</returns>
    public bool TryGet(ItemOrdinal item, out ItemKey key)
    {
        var entry = item.Value < _base.Length ? Volatile.Read(ref _base[item.Value]) : _overlay[item.Value - _base.Length];
        if (entry <= 0 && item.Value < _base.Length && (entry == 0 || ~entry != items.Count)) entry = Fill(item);
        key = new ItemKey(entry - 1);
        return entry > 0;
    }

    /// <summary>Says which key a folded-in item has. The overlay's writer only, before anyone can ask.</summary>
    public void Set(ItemOrdinal item, ItemKey key) => _overlay.Set(item.Value - _base.Length, key.Value + 1);

    private int Fill(ItemOrdinal item)
    {
        // Counted before the lookup: a key that is given meanwhile is looked for again.
        var count = items.Count;
        var entry = items.TryGet(vocabulary.Utf8IdOf(item), out var key) ? key.Value + 1 : ~count;
        Volatile.Write(ref _base[item.Value], entry);
        return entry;
    }
}

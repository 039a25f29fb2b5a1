using System.Numerics;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>
/// The items that one search must not answer: an open-addressing set of ordinals. Belongs to one thread's scratch and keeps its memory from
/// search to search. A set instead of a bitmap: it costs what is excluded, not what exists.
/// </summary>
internal sealed class ExcludedItems : IItemFilter
{
    private const int SmallestCapacity = 64;

    // Ordinal + 1, so that a cleared array is an empty set.
    private int[] _slots = new int[SmallestCapacity];

    /// <summary>Distinct items in the set.</summary>
    public int Count { get; private set; }

    /// <summary>The set as a search takes it: null where nothing is excluded, which searches faster.</summary>
    public IItemFilter? AsFilter => Count == 0 ? null : this;

    /// <inheritdoc/>
    public bool Accepts(ItemOrdinal item) => !Contains(item);

    /// <summary>Whether the item is in the set.</summary>
    public bool Contains(ItemOrdinal item) => Count > 0 && _slots[SlotOf(item)] != 0;

    /// <summary>Adds an item; false if it was there.</summary>
    public bool Add(ItemOrdinal item)
    {
        if (2 * (Count + 1) > _slots.Length) Grow();
        var slot = SlotOf(item);
        if (_slots[slot] != 0) return false;
        _slots[slot] = item.Value + 1;
        Count++;
        return true;
    }

    /// <summary>Empties the set and keeps its memory.</summary>
    public void Clear()
    {
        if (Count == 0) return;
        Array.Clear(_slots);
        Count = 0;
    }

    private int SlotOf(ItemOrdinal item)
    {
        var mask = _slots.Length - 1;
        // Fibonacci hashing: neighbouring ordinals (popular items) spread over the table.
        var slot = (int)((uint)item.Value * 2654435769u >> (32 - BitOperations.Log2((uint)_slots.Length)));
        while (_slots[slot] != 0 && _slots[slot] != item.Value + 1) slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        var old = _slots;
        _slots = new int[old.Length * 2];
        foreach (var stored in old)
            if (stored != 0)
                _slots[SlotOf(new ItemOrdinal(stored - 1))] = stored;
    }
}

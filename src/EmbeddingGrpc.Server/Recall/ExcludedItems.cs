using System.Numerics;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>
/// The items that one search must not answer: an open-addressing set. Belongs to one thread's scratch and keeps its memory from search to
/// search. A set instead of a bitmap: it costs what is excluded, not what exists.
/// </summary>
internal sealed class ExcludedItems : IItemFilter
{
    private const int SmallestCapacity = 64;
    private const int Empty = int.MinValue;

    private int[] _slots = NewSlots(SmallestCapacity);

    /// <summary>What else must not be answered; null for nothing.</summary>
    public AnswerRule? Rule { get; set; }

    /// <summary>Distinct items in the set.</summary>
    public int Count { get; private set; }

    /// <summary>Those of them that the generation has.</summary>
    public int CountInGeneration { get; private set; }

    /// <summary>The set as a search takes it: null where nothing is excluded, which searches faster.</summary>
    public IItemFilter? AsFilter => CountInGeneration == 0 && Rule is null ? null : this;

    /// <inheritdoc/>
    public ItemOrdinal[]? Listed => Rule?.Listed?.Ordinals;

    /// <inheritdoc/>
    public bool Accepts(ItemOrdinal item) => !Contains(CandidateId.Of(item));

    /// <summary>Whether the item is in the set, or the rule leaves it out.</summary>
    public bool Contains(CandidateId item) => (Count > 0 && _slots[SlotOf(item.Value)] != Empty) || Rule?.Admits(item) == false;

    /// <summary>Adds an item; false if it was there.</summary>
    public bool Add(CandidateId item)
    {
        if (2 * (Count + 1) > _slots.Length) Grow();
        var slot = SlotOf(item.Value);
        if (_slots[slot] != Empty) return false;
        _slots[slot] = item.Value;
        Count++;
        if (item.IsInGeneration) CountInGeneration++;
        return true;
    }

    /// <summary>Empties the set and keeps its memory.</summary>
    public void Clear()
    {
        Rule = null;
        if (Count == 0) return;
        Array.Fill(_slots, Empty);
        (Count, CountInGeneration) = (0, 0);
    }

    private int SlotOf(int value)
    {
        var mask = _slots.Length - 1;
        // Fibonacci hashing: neighbouring ordinals (popular items) spread over the table.
        var slot = (int)((uint)value * 2654435769u >> (32 - BitOperations.Log2((uint)_slots.Length)));
        while (_slots[slot] != Empty && _slots[slot] != value) slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        var old = _slots;
        _slots = NewSlots(old.Length * 2);
        foreach (var stored in old)
            if (stored != Empty)
                _slots[SlotOf(stored)] = stored;
    }

    private static int[] NewSlots(int length)
    {
        var slots = new int[length];
        Array.Fill(slots, Empty);
        return slots;
    }
}

using System.Numerics;
using System.Runtime.CompilerServices;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Graph;

/// <summary>
/// What a walk over the graph gathers for each item it reaches: an open-addressing table from key to a place in flat columns. Belongs to one
/// thread's scratch and keeps its memory.
/// </summary>
internal sealed class GraphScores
{
    private const int SmallestCapacity = 1024;

    // In the time of one slot somewhere, so many in a row are cleared.
    private const int SlotsClearedForOne = 32;

    // Key above, place + 1 below, so that an empty slot is 0 and a look at the table is one cache line.
    private ulong[] _slots = new ulong[SmallestCapacity];
    private int _shift = 32 - BitOperations.Log2(SmallestCapacity);
    private int[] _slotOf = new int[SmallestCapacity / 2];
    private int[] _keys = new int[SmallestCapacity / 2];
    private float[] _direct = new float[SmallestCapacity / 2];
    private float[] _steps = new float[SmallestCapacity / 2];
    private float[] _walk = new float[SmallestCapacity / 2];

    /// <summary>Items reached.</summary>
    public int Count { get; private set; }

    /// <summary>Weight of the connections that lead there from the query's items.</summary>
    public Span<float> Direct => _direct.AsSpan(0, Count);

    /// <summary>The same with what leaves and what arrives divided out.</summary>
    public Span<float> Steps => _steps.AsSpan(0, Count);

    /// <summary>Weight of the walks of two steps that lead there; of first steps, the weight that walks go on with.</summary>
    public Span<float> Walk => _walk.AsSpan(0, Count);

    /// <summary>Keys of the items, by place.</summary>
    public ReadOnlySpan<int> Keys => _keys.AsSpan(0, Count);

    /// <summary>The item at a place.</summary>
    public ItemKey KeyAt(int place) => new(_keys[place]);

    /// <summary>Forgets everything; costs what was reached, not what there is room for.</summary>
    public void Clear()
    {
        if (Count > _slots.Length / SlotsClearedForOne) _slots.AsSpan().Clear();
        else foreach (var slot in _slotOf.AsSpan(0, Count)) _slots[slot] = 0;
        // Here, in one go each, and not with every item that is met.
        Direct.Clear();
        Steps.Clear();
        Walk.Clear();
        Count = 0;
    }

    /// <summary>Adds to what leads to items directly.</summary>
    /// <param name="items">Keys.</param>
    /// <param name="weights">As many weights.</param>
    /// <param name="factor">Multiplies each.</param>
    public void AddDirect(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, float factor)
    {
        // Before the column is looked up: making room makes the columns longer.
        Reserve(items.Length);
        Add(items, weights, factor, _direct);
    }

    /// <summary>Adds to what leads to items in two steps.</summary>
    /// <inheritdoc cref="AddDirect"/>
    public void AddWalk(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, float factor)
    {
        Reserve(items.Length);
        Add(items, weights, factor, _walk);
    }

    /// <summary>Where an item is; -1 if it was not reached.</summary>
    public int Find(ItemKey item) => (int)(uint)_slots[SlotOf(item.Value)] - 1;

    /// <summary>Adds to a column. There is room for all of the items.</summary>
    /// <remarks>
    /// Whether an item is new is as good as drawn by lot, and a branch that is guessed wrong costs more than the rest: so its place is computed. A new item's
    /// columns are written for each, where the next new one will be: that line is at hand, and those of known items are anywhere.
    /// </remarks>
    private void Add(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, float factor, float[] column)
    {
        var (slots, slotOf, keys, count) = (_slots, _slotOf, _keys, Count);
        for (var i = 0; i < items.Length; i++)
        {
            var key = items[i];
            var slot = SlotOf(key);
            var found = slots[slot];
            // 1 for an empty slot: nothing else is below zero when 1 is taken from it.
            var isNew = (int)((found - 1) >> 63);
            var place = (int)(uint)found - 1 + (isNew * (count + 1));
            slots[slot] = ((ulong)(uint)key << 32) | (uint)(place + 1);
            (slotOf[count], keys[count]) = (slot, key);
            column[place] += factor * weights[i];
            count += isNew;
        }

        Count = count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int SlotOf(int key)
    {
        var slots = _slots;
        var slot = (int)((uint)key * 2654435769u >> _shift);
        while ((uint)slot < (uint)slots.Length && IsOfAnother(slots[slot], key)) slot = (slot + 1) & (slots.Length - 1);
        return slot;
    }

    // Neither an empty slot nor the key's own. By a product, because to ask one after the other is a branch that goes either way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsOfAnother(ulong found, int key) => (uint)found * ((found >> 32) ^ (uint)key) != 0;

    private void Reserve(int more)
    {
        while (Count + more > _keys.Length) Grow();
    }

    private void Grow()
    {
        Array.Resize(ref _keys, _keys.Length * 2);
        Array.Resize(ref _slotOf, _keys.Length);
        Array.Resize(ref _direct, _keys.Length);
        Array.Resize(ref _steps, _keys.Length);
        Array.Resize(ref _walk, _keys.Length);
        _slots = new ulong[_slots.Length * 2];
        _shift--;
        for (var place = 0; place < Count; place++)
        {
            _slotOf[place] = SlotOf(_keys[place]);
            _slots[_slotOf[place]] = ((ulong)(uint)_keys[place] << 32) | (uint)(place + 1);
        }
    }
}

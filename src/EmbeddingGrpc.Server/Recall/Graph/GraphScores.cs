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

    /// <summary>The item at a place.</summary>
    public ItemKey KeyAt(int place) => new(_keys[place]);

    /// <summary>Forgets everything; costs what was reached, not what there is room for.</summary>
    public void Clear()
    {
        foreach (var slot in _slotOf.AsSpan(0, Count)) _slots[slot] = 0;
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
        for (var i = 0; i < items.Length; i++)
        {
            // Before the column is looked up: finding a place may make the columns longer.
            var place = PlaceOf(items[i]);
            _direct[place] += factor * weights[i];
        }
    }

    /// <summary>Adds to what leads to items in two steps.</summary>
    /// <inheritdoc cref="AddDirect"/>
    public void AddWalk(ReadOnlySpan<int> items, ReadOnlySpan<float> weights, float factor)
    {
        for (var i = 0; i < items.Length; i++)
        {
            var place = PlaceOf(items[i]);
            _walk[place] += factor * weights[i];
        }
    }

    /// <summary>Where an item is; -1 if it was not reached.</summary>
    public int Find(ItemKey item) => (int)(uint)_slots[SlotOf(item.Value)] - 1;

    private int PlaceOf(int key)
    {
        var slot = SlotOf(key);
        var known = _slots[slot];
        return known != 0 ? (int)(uint)known - 1 : Add(key, slot);
    }

    private int Add(int key, int slot)
    {
        if (Count == _keys.Length)
        {
            Grow();
            slot = SlotOf(key);
        }

        var place = Count++;
        _slots[slot] = ((ulong)(uint)key << 32) | (uint)(place + 1);
        (_slotOf[place], _keys[place]) = (slot, key);
        return place;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int SlotOf(int key)
    {
        var slots = _slots;
        var slot = (int)((uint)key * 2654435769u >> _shift);
        while ((uint)slot < (uint)slots.Length && slots[slot] is var found && found != 0 && (int)(found >> 32) != key) slot = (slot + 1) & (slots.Length - 1);
        return slot;
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

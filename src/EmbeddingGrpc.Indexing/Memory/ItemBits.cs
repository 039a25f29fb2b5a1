using System.Numerics;
using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>A bit for every item. One writer; readers see each as it was or as it is.</summary>
internal sealed unsafe class ItemBits : IDisposable
{
    private readonly NativeRegion _region;

    /// <summary>Reserves room.</summary>
    /// <param name="capacity">Items that there is address space for.</param>
    /// <param name="items">Items that there is memory for at once.</param>
    public ItemBits(long capacity, int items)
    {
        _region = new NativeRegion((Words(capacity) + 1) * sizeof(ulong), 0);
        Commit(items);
    }

    /// <summary>Reserves room and fills it.</summary>
    /// <param name="capacity">Items that there is address space for.</param>
    /// <param name="items">Items that there are.</param>
    /// <param name="load">Commits and fills the region.</param>
    public ItemBits(long capacity, int items, Action<NativeRegion> load)
    {
        _region = new NativeRegion((Words(capacity) + 1) * sizeof(ulong), 0);
        try
        {
            load(_region);
            Commit(items);
        }
        catch
        {
            _region.Dispose();
            throw;
        }
        // Bits behind the last item mean nothing and would be counted.
        var words = Words(items);
        if (items % 64 != 0) Pointer[words - 1] &= (1UL << (items % 64)) - 1;
        for (long i = 0; i < words; i++) Count += BitOperations.PopCount(Pointer[i]);
    }

    /// <summary>Bits set.</summary>
    public int Count { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _region.CommittedBytes;

    /// <summary>[<see cref="Words"/>], the lowest bit of the first for item 0.</summary>
    public ulong* Pointer => (ulong*)_region.Pointer;

    /// <summary>Words that hold so many bits.</summary>
    public static long Words(long items) => (items + 63) / 64;

    /// <summary>Whether an item's bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Contains(int item) => (Volatile.Read(ref Pointer[item >>> 6]) >> (item & 63) & 1) != 0;

    /// <summary>Sets an item's bit.</summary>
    /// <returns>Whether it was not set before.</returns>
    public bool Add(int item)
    {
        if (Contains(item)) return false;
        Volatile.Write(ref Pointer[item >>> 6], Pointer[item >>> 6] | (1UL << (item & 63)));
        Count++;
        return true;
    }

    /// <summary>Clears an item's bit.</summary>
    /// <returns>Whether it was set before.</returns>
    public bool Remove(int item)
    {
        if (!Contains(item)) return false;
        Volatile.Write(ref Pointer[item >>> 6], Pointer[item >>> 6] & ~(1UL << (item & 63)));
        Count--;
        return true;
    }

    /// <summary>Makes sure there is memory for so many items.</summary>
    public void Commit(int items) => _region.Commit((Words(items) + 1) * sizeof(ulong));

    /// <summary>The same bits in memory of their own. Called by the writer.</summary>
    /// <param name="items">Items that there are.</param>
    /// <param name="capacity">Items that there is address space for.</param>
    public ItemBits Copy(int items, long capacity) =>
        new(capacity, items, region => region.CopyFrom(_region, Words(items) * sizeof(ulong)));

    /// <inheritdoc/>
    public void Dispose() => _region.Dispose();
}

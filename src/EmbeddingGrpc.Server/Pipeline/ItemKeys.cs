namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Item ids to keys and back. One writer (the applier), wait-free readers. Keys count up from 0 in the order of first appearance.</summary>
/// <remarks>
/// An open-addressed table of 8-byte slots, hash above and key + 1 below, each published by one store after the id is in place; the
/// table is replaced by a longer copy when it is two thirds full, and readers that hold the old one miss only what came after it.
/// Memory: the id itself, 8 bytes of reference and 12..24 bytes of table an item.
/// </remarks>
public sealed class ItemKeys
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;

    private ulong[] _table = new ulong[1024];
    private string?[][] _ids = [];
    private int _count;
    private long _idBytes;

    /// <summary>Keys given so far: 0..Count-1.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Memory held, in bytes, ids included.</summary>
    public long SizeBytes => Volatile.Read(ref _idBytes) + ((long)Volatile.Read(ref _table).Length * sizeof(ulong)) + ((long)Volatile.Read(ref _ids).Length * ChunkSize * IntPtr.Size);

    /// <summary>The key of an item, given now if it has none. Writer only.</summary>
    public ItemKey GetOrAdd(string itemId)
    {
        ArgumentNullException.ThrowIfNull(itemId);
        var hash = Hash(itemId);
        var slot = Find(_table, itemId, hash, out var key);
        if (key >= 0) return new ItemKey(key);

        key = _count;
        Store(key, itemId);
        Volatile.Write(ref _count, key + 1);
        Volatile.Write(ref _table[slot], Slot(hash, key));
        if ((_count + 1) * 3L > _table.Length * 2L) Grow();
        return new ItemKey(key);
    }

    /// <summary>Finds an item's key.</summary>
    public bool TryGet(string itemId, out ItemKey key)
    {
        ArgumentNullException.ThrowIfNull(itemId);
        Find(Volatile.Read(ref _table), itemId, Hash(itemId), out var value);
        key = new ItemKey(value);
        return value >= 0;
    }

    /// <summary>The id of a key.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The key was not given.</exception>
    public string IdOf(ItemKey key)
    {
        if ((uint)key.Value >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(key), key.Value, $"Keys 0..{Count - 1} are given.");
        return Volatile.Read(ref _ids)[key.Value >> ChunkBits][key.Value & (ChunkSize - 1)]!;
    }

    // Marvin hashing is seeded at random for each process: ids come from outside, and nobody may choose them to collide.
    private static uint Hash(string itemId) => (uint)itemId.GetHashCode(StringComparison.Ordinal);

    private static ulong Slot(uint hash, int key) => ((ulong)hash << 32) | (uint)(key + 1);

    private int Find(ulong[] table, string itemId, uint hash, out int key)
    {
        var mask = table.Length - 1;
        for (var position = (int)hash & mask; ; position = (position + 1) & mask)
        {
            var slot = Volatile.Read(ref table[position]);
            if (slot == 0)
            {
                key = -1;
                return position;
            }

            key = (int)(uint)slot - 1;
            if ((uint)(slot >> 32) == hash && Volatile.Read(ref _ids)[key >> ChunkBits][key & (ChunkSize - 1)] == itemId) return position;
        }
    }

    private void Store(int key, string itemId)
    {
        if (key >> ChunkBits == _ids.Length)
        {
            Volatile.Write(ref _ids, [.. _ids, new string?[ChunkSize]]);
        }

        Volatile.Write(ref _ids[key >> ChunkBits][key & (ChunkSize - 1)], itemId);
        // A string is a header and a length of 20 bytes, its characters and a terminator, rounded up to 8.
        Volatile.Write(ref _idBytes, _idBytes + ((22 + (2L * itemId.Length) + 7) & ~7L));
    }

    private void Grow()
    {
        var longer = new ulong[_table.Length * 2];
        var mask = longer.Length - 1;
        foreach (var slot in _table)
        {
            if (slot == 0) continue;
            var position = (int)(slot >> 32) & mask;
            while (longer[position] != 0) position = (position + 1) & mask;
            longer[position] = slot;
        }

        Volatile.Write(ref _table, longer);
    }
}

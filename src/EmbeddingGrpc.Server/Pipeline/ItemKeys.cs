using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using EmbeddingGrpc.Numerics;

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
    private const int SlotsAhead = 16;

    // Ids come from outside: the seed keeps anyone from choosing them to collide.
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private ulong[] _table = new ulong[1024];
    private string?[][] _ids = [];
    private int _count;
    private long _idBytes;

    /// <summary>Keys given so far: 0..Count-1.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Memory held, in bytes, ids included.</summary>
    public long SizeBytes => Volatile.Read(ref _idBytes) + ((long)Volatile.Read(ref _table).Length * sizeof(ulong)) + ((long)Volatile.Read(ref _ids).Length * ChunkSize * IntPtr.Size);

    /// <summary>The key of an item, given now if it has none. Writer only.</summary>
    /// <param name="itemId">1..256 bytes of UTF-8.</param>
    public ItemKey GetOrAdd(string itemId)
    {
        ArgumentNullException.ThrowIfNull(itemId);
        Span<byte> buffer = stackalloc byte[IdRules.MaximumBytes];
        if (!Encoding.UTF8.TryGetBytes(itemId, buffer, out var length) || length == 0)
            throw new ArgumentException($"An item id has 1..{IdRules.MaximumBytes} bytes of UTF-8.", nameof(itemId));
        return GetOrAdd(buffer[..length], Hash(buffer[..length]));
    }

    /// <summary>Finds an item's key.</summary>
    public bool TryGet(string itemId, out ItemKey key)
    {
        ArgumentNullException.ThrowIfNull(itemId);
        key = new ItemKey(-1);
        Span<byte> buffer = stackalloc byte[IdRules.MaximumBytes];
        if (!Encoding.UTF8.TryGetBytes(itemId, buffer, out var length)) return false;
        Find(Volatile.Read(ref _table), buffer[..length], Hash(buffer[..length]), out var value);
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

    /// <summary>The hash of an id, for the calls below.</summary>
    internal uint Hash(ReadOnlySpan<byte> utf8) => (uint)(XxHash3.HashToUInt64(utf8, _seed) >> 32);

    /// <summary>The key of an item whose hash was made before, given now if it has none. Writer only.</summary>
    internal ItemKey GetOrAdd(ReadOnlySpan<byte> utf8, uint hash)
    {
        var slot = Find(_table, utf8, hash, out var key);
        if (key >= 0) return new ItemKey(key);

        key = _count;
        Store(key, Encoding.UTF8.GetString(utf8));
        Volatile.Write(ref _count, key + 1);
        Volatile.Write(ref _table[slot], Slot(hash, key));
        if ((_count + 1) * 3L > _table.Length * 2L) Grow();
        return new ItemKey(key);
    }

    /// <summary>The key of an item, given now if it has none. Writer only.</summary>
    internal ItemKey GetOrAdd(ReadOnlySpan<byte> utf8) => GetOrAdd(utf8, Hash(utf8));

    /// <summary>Says that so many items will come, so that the table is made as long at once. Before the first one, and before anyone reads.</summary>
    internal void Reserve(int count)
    {
        while ((count + 1) * 3L > _table.Length * 2L) _table = new ulong[_table.Length * 2];
    }

    /// <summary>Gives the next key to an item that a checkpoint kept. It is found after <see cref="EndRestore"/>, which must follow before anyone reads.</summary>
    /// <returns>Its slot of the table.</returns>
    internal ulong Restore(ReadOnlySpan<byte> utf8)
    {
        var key = _count;
        Store(key, Encoding.UTF8.GetString(utf8));
        _count = key + 1;
        return Slot(Hash(utf8), key);
    }

    /// <summary>Lets the items be found that were restored since the keys were empty. All of them at once, so that the places of the table are there when their turn comes.</summary>
    /// <param name="slots">Of all items, in the order of their keys; <see cref="Reserve"/> was told how many.</param>
    /// <returns>False where two of them are the same: then nothing here is of use.</returns>
    internal bool EndRestore(ReadOnlySpan<ulong> slots)
    {
        var mask = _table.Length - 1;
        for (var i = 0; i < slots.Length; i++)
        {
            if (i + SlotsAhead < slots.Length) CacheHint.WillRead(in _table[(int)(slots[i + SlotsAhead] >> 32) & mask]);
            var (slot, position) = (slots[i], (int)(slots[i] >> 32) & mask);
            for (; _table[position] is not 0 and var other; position = (position + 1) & mask)
            {
                if (other >> 32 == slot >> 32 && IdOf(KeyOf(other)) == IdOf(KeyOf(slot))) return false;
            }

            _table[position] = slot;
        }

        return true;
    }

    /// <summary>Says that an item will be looked for soon; then <see cref="WillReadId"/> and <see cref="WillCompareId"/> may follow, each a little later.</summary>
    internal void WillFind(uint hash) => CacheHint.WillRead(in _table[(int)hash & (_table.Length - 1)]);

    /// <summary>Says that the reference to the item's id is needed soon.</summary>
    internal void WillReadId(uint hash)
    {
        if (Candidate(hash) is >= 0 and var key) CacheHint.WillRead(in _ids[key >> ChunkBits][key & (ChunkSize - 1)]);
    }

    /// <summary>Says that the item's id is needed soon.</summary>
    internal void WillCompareId(uint hash)
    {
        if (Candidate(hash) is >= 0 and var key) CacheHint.WillRead(in _ids[key >> ChunkBits][key & (ChunkSize - 1)]!.GetPinnableReference());
    }

    private static ItemKey KeyOf(ulong slot) => new((int)(uint)slot - 1);

    private static ulong Slot(uint hash, int key) => ((ulong)hash << 32) | (uint)(key + 1);

    // The first key with the hash: nearly always the item, if it has a key.
    private int Candidate(uint hash)
    {
        var mask = _table.Length - 1;
        for (var position = (int)hash & mask; _table[position] is not 0 and var slot; position = (position + 1) & mask)
        {
            if ((uint)(slot >> 32) == hash) return (int)(uint)slot - 1;
        }

        return -1;
    }

    private int Find(ulong[] table, ReadOnlySpan<byte> utf8, uint hash, out int key)
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
            if ((uint)(slot >> 32) == hash && IsId(utf8, Volatile.Read(ref _ids)[key >> ChunkBits][key & (ChunkSize - 1)]!)) return position;
        }
    }

    private static bool IsId(ReadOnlySpan<byte> utf8, string id)
    {
        if (Ascii.Equals(utf8, id)) return true;
        // An id with other characters has more bytes than chars.
        if (utf8.Length <= id.Length) return false;
        Span<byte> buffer = stackalloc byte[IdRules.MaximumBytes];
        return Encoding.UTF8.TryGetBytes(id, buffer, out var length) && buffer[..length].SequenceEqual(utf8);
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

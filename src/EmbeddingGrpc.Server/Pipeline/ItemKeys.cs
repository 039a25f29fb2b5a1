using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Item ids to keys and back. One writer (the applier), wait-free readers. Keys count up from 0 in the order of first appearance.</summary>
/// <remarks>
/// Ids lie as UTF-8 one behind the other in long pieces of text, and each key has a word that says where. An open-addressed table of 8-byte slots, hash above and key + 1 below,
/// each published by one store after the id is in place, leads from ids to keys; it is replaced by a longer copy when it is two thirds full, and readers that hold the old one
/// miss only what came after it. Memory: the bytes of the id, 8 of place and 12..24 of table an item.
/// </remarks>
public sealed class ItemKeys
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int SlotsAhead = 16;

    // No id lies across the end of a piece.
    private const int TextBytes = 64 * 1024;

    // Of a place: the length below, which is up to 256, the offset in the piece above it, the piece in the upper half.
    private const int LengthBits = 9;

    // Ids come from outside: the seed keeps anyone from choosing them to collide.
    private readonly long _seed = BitConverter.ToInt64(RandomNumberGenerator.GetBytes(sizeof(long)));
    private ulong[] _table = new ulong[1024];
    private ulong[][] _places = [];
    private byte[][] _text = [];
    private int _textUsed = TextBytes;
    private int _count;

    /// <summary>Keys given so far: 0..Count-1.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Memory held, in bytes, ids included.</summary>
    public long SizeBytes =>
        ((long)Volatile.Read(ref _text).Length * TextBytes) + ((long)Volatile.Read(ref _table).Length * sizeof(ulong)) + ((long)Volatile.Read(ref _places).Length * ChunkSize * sizeof(ulong));

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
        return Encoding.UTF8.TryGetBytes(itemId, buffer, out var length) && TryGet(buffer[..length], out key);
    }

    /// <summary>Finds an item's key.</summary>
    /// <param name="utf8">Its id.</param>
    /// <param name="key">Receives the key.</param>
    public bool TryGet(ReadOnlySpan<byte> utf8, out ItemKey key)
    {
        Find(Volatile.Read(ref _table), utf8, Hash(utf8), out var value);
        key = new ItemKey(value);
        return value >= 0;
    }

    /// <summary>The id of a key, made anew at each call.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The key was not given.</exception>
    public string IdOf(ItemKey key) => Encoding.UTF8.GetString(Utf8IdOf(key));

    /// <summary>The id of a key as UTF-8, as long as this is there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The key was not given.</exception>
    public ReadOnlySpan<byte> Utf8IdOf(ItemKey key)
    {
        if ((uint)key.Value >= (uint)Count) throw new ArgumentOutOfRangeException(nameof(key), key.Value, $"Keys 0..{Count - 1} are given.");
        return TextAt(PlaceOf(key.Value));
    }

    /// <summary>The hash of an id, for the calls below.</summary>
    internal uint Hash(ReadOnlySpan<byte> utf8) => (uint)(XxHash3.HashToUInt64(utf8, _seed) >> 32);

    /// <summary>The key of an item whose hash was made before, given now if it has none. Writer only.</summary>
    internal ItemKey GetOrAdd(ReadOnlySpan<byte> utf8, uint hash)
    {
        var slot = Find(_table, utf8, hash, out var key);
        if (key >= 0) return new ItemKey(key);

        key = _count;
        Store(key, utf8);
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
        var slots = _table.Length;
        while ((count + 1) * 3L > slots * 2L) slots *= 2;
        if (slots > _table.Length) _table = NewTable(slots);
    }

    /// <summary>Gives the next key to an item that a checkpoint kept. It is found after <see cref="EndRestore"/>, which must follow before anyone reads.</summary>
    /// <returns>Its slot of the table.</returns>
    internal ulong Restore(ReadOnlySpan<byte> utf8)
    {
        var key = _count;
        Store(key, utf8);
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
                if (other >> 32 == slot >> 32 && Utf8IdOf(KeyOf(other)).SequenceEqual(Utf8IdOf(KeyOf(slot)))) return false;
            }

            _table[position] = slot;
        }

        return true;
    }

    /// <summary>Says that an item will be looked for soon; then <see cref="WillReadId"/> and <see cref="WillCompareId"/> may follow, each a little later.</summary>
    internal void WillFind(uint hash) => CacheHint.WillRead(in _table[(int)hash & (_table.Length - 1)]);

    /// <summary>Says that the place of the item's id is needed soon.</summary>
    internal void WillReadId(uint hash)
    {
        if (Candidate(hash) is >= 0 and var key) CacheHint.WillRead(in PlaceOf(key));
    }

    /// <summary>Says that the item's id is needed soon.</summary>
    internal void WillCompareId(uint hash)
    {
        if (Candidate(hash) is >= 0 and var key) CacheHint.WillRead(in MemoryMarshal.GetReference(TextAt(PlaceOf(key))));
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
            if ((uint)(slot >> 32) == hash && TextAt(PlaceOf(key)).SequenceEqual(utf8)) return position;
        }
    }

    private ref readonly ulong PlaceOf(int key) => ref Volatile.Read(ref _places)[key >> ChunkBits][key & (ChunkSize - 1)];

    private ReadOnlySpan<byte> TextAt(ulong place) =>
        Volatile.Read(ref _text)[(int)(place >> 32)].AsSpan((int)((uint)place >> LengthBits), (int)(place & ((1 << LengthBits) - 1)));

    private void Store(int key, ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length > TextBytes - _textUsed)
        {
            Volatile.Write(ref _text, [.. _text, GC.AllocateUninitializedArray<byte>(TextBytes)]);
            _textUsed = 0;
        }

        if (key >> ChunkBits == _places.Length) Volatile.Write(ref _places, [.. _places, new ulong[ChunkSize]]);
        utf8.CopyTo(_text[^1].AsSpan(_textUsed));
        _places[key >> ChunkBits][key & (ChunkSize - 1)] = ((ulong)(_text.Length - 1) << 32) | ((uint)_textUsed << LengthBits) | (uint)utf8.Length;
        _textUsed += utf8.Length;
    }

    // Each slot is looked at before it is written: a page that is read first is one of zeros that all share, and to part from it costs as much as twenty others.
    private static ulong[] NewTable(int slots)
    {
        var table = new ulong[slots];
        table.AsSpan().Clear();
        return table;
    }

    private void Grow()
    {
        var longer = NewTable(_table.Length * 2);
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

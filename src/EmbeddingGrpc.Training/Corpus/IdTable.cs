using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Text;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Numbers UTF-8 ids densely in the order of their first appearance, and back. A short id lies in its entry, so that whoever looks it up waits for memory once; others lie in chunks. Slots
/// are one open-addressed table: 25 to 45 bytes an id, beside those of one that is longer, and no object per id. One writer; any number of readers once writing has ended.
/// </summary>
internal sealed class IdTable
{
    /// <summary>Longest id in bytes of UTF-8.</summary>
    public const int MaximumIdBytes = ushort.MaxValue;

    private const int ChunkBytes = 1 << 20;
    private const int EntryBytes = 16;
    private const int LengthBytes = sizeof(ushort);
    private const int LongestInEntry = EntryBytes - LengthBytes;
    private const int PositionAt = EntryBytes - sizeof(long);

    // A slot holds the upper half of the id's hash and its number + 1, so that a probe touches the id's bytes only when it almost surely
    // matches, and growing touches none.
    private ulong[] _slots;
    private readonly List<byte[]> _chunks = [];
    private Entry[] _entries;
    private int _chunkUsed = ChunkBytes;

    public IdTable(int capacity = 16)
    {
        _entries = new Entry[Math.Max(4, capacity)];
        _slots = new ulong[SlotsFor(_entries.Length)];
    }

    /// <summary>Ids held.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of memory held.</summary>
    public long SizeBytes => _chunks.Sum(chunk => (long)chunk.Length) + ((long)_entries.Length * EntryBytes) + ((long)_slots.Length * sizeof(ulong));

    /// <summary>The UTF-8 bytes of an id.</summary>
    public ReadOnlySpan<byte> this[int number]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)Count, nameof(number));
            ReadOnlySpan<byte> entry = _entries[number];
            int length = BinaryPrimitives.ReadUInt16LittleEndian(entry);
            if (length <= LongestInEntry)
            {
                return entry.Slice(LengthBytes, length);
            }

            long position = BinaryPrimitives.ReadInt64LittleEndian(entry[PositionAt..]);
            return _chunks[(int)(position / ChunkBytes)].AsSpan((int)(position % ChunkBytes), length);
        }
    }

    /// <summary>An id will be read soon. Ids of many numbers: first this for all of them, then <see cref="WillRead"/> for all.</summary>
    public void WillFind(int number) => CacheHint.WillRead(in _entries[number]);

    /// <summary>An id will be read very soon.</summary>
    public void WillRead(int number)
    {
        if (_chunks.Count > 0 && this[number] is { Length: > LongestInEntry } id)
        {
            CacheHint.WillRead(in id[0]);
        }
    }

    /// <summary>The id's number; a new one if it is not known yet.</summary>
    /// <exception cref="ArgumentException">The id is longer than <see cref="MaximumIdBytes"/>.</exception>
    public int Intern(ReadOnlySpan<byte> id)
    {
        ulong hash = XxHash3.HashToUInt64(id);
        int slot = FindSlot(id, hash);
        if (_slots[slot] != 0)
        {
            return NumberIn(_slots[slot]);
        }

        if (Count == _entries.Length)
        {
            Grow();
            slot = FindSlot(id, hash);
        }

        Store(id, _entries[Count]);
        _slots[slot] = SlotOf(hash, Count);
        return Count++;
    }

    /// <inheritdoc cref="Intern(ReadOnlySpan{byte})"/>
    public int Intern(string id)
    {
        Span<byte> buffer = stackalloc byte[512];
        return Intern(Utf8(id, buffer));
    }

    /// <summary>Finds an id's number.</summary>
    public bool TryGet(ReadOnlySpan<byte> id, out int number)
    {
        ulong slot = _slots[FindSlot(id, XxHash3.HashToUInt64(id))];
        number = slot == 0 ? 0 : NumberIn(slot);
        return slot != 0;
    }

    /// <inheritdoc cref="TryGet(ReadOnlySpan{byte}, out int)"/>
    public bool TryGet(string id, out int number)
    {
        Span<byte> buffer = stackalloc byte[512];
        return TryGet(Utf8(id, buffer), out number);
    }

    private static ReadOnlySpan<byte> Utf8(string id, Span<byte> buffer) =>
        Encoding.UTF8.TryGetBytes(id, buffer, out int length) ? buffer[..length] : Encoding.UTF8.GetBytes(id);

    private static int SlotsFor(int capacity) => (int)Math.Min(1u << 30, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 4 / 3));

    private static ulong SlotOf(ulong hash, int number) => (hash & 0xFFFF_FFFF_0000_0000) | ((uint)number + 1);

    private static int NumberIn(ulong slot) => (int)((uint)slot - 1);

    private int FindSlot(ReadOnlySpan<byte> id, ulong hash)
    {
        int mask = _slots.Length - 1;
        int at = HomeOf(hash, mask);
        for (; _slots[at] != 0; at = (at + 1) & mask)
        {
            if (_slots[at] >> 32 == hash >> 32 && this[NumberIn(_slots[at])].SequenceEqual(id))
            {
                break;
            }
        }

        return at;
    }

    // The home slot comes from the half of the hash that the slot keeps, so that growing needs no id's bytes.
    private static int HomeOf(ulong hash, int mask) => (int)(hash >> 32) & mask;

    private void Store(ReadOnlySpan<byte> id, Span<byte> entry)
    {
        if (id.Length > MaximumIdBytes)
        {
            throw new ArgumentException($"An id of {id.Length} bytes is too long: at most {MaximumIdBytes}.", nameof(id));
        }

        BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)id.Length);
        if (id.Length <= LongestInEntry)
        {
            id.CopyTo(entry[LengthBytes..]);
            return;
        }

        int used = _chunkUsed + id.Length;
        if (used > ChunkBytes)
        {
            // The first chunk starts small and doubles, so that a hundred ids do not hold a megabyte.
            used = id.Length;
            _chunks.Add(new byte[_chunks.Count == 0 ? Math.Max(used, 1024) : ChunkBytes]);
            _chunkUsed = 0;
        }

        byte[] chunk = _chunks[^1];
        if (used > chunk.Length)
        {
            Array.Resize(ref chunk, Math.Min(ChunkBytes, Math.Max(used, chunk.Length * 2)));
            _chunks[^1] = chunk;
        }

        id.CopyTo(chunk.AsSpan(_chunkUsed));
        BinaryPrimitives.WriteInt64LittleEndian(entry[PositionAt..], ((long)(_chunks.Count - 1) * ChunkBytes) + _chunkUsed);
        _chunkUsed = used;
    }

    private void Grow()
    {
        Array.Resize(ref _entries, checked(_entries.Length * 2));
        int size = SlotsFor(_entries.Length);
        if (size == _slots.Length)
        {
            return;
        }

        ulong[] old = _slots;
        _slots = new ulong[size];
        foreach (ulong slot in old)
        {
            if (slot != 0)
            {
                int at = HomeOf(slot, size - 1);
                while (_slots[at] != 0)
                {
                    at = (at + 1) & (size - 1);
                }

                _slots[at] = slot;
            }
        }
    }

    /// <summary>Length of an id, then its bytes or, in the last eight, where they lie in the chunks.</summary>
    [InlineArray(EntryBytes)]
    private struct Entry
    {
        private byte _first;
    }
}

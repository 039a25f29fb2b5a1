using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Numbers UTF-8 ids densely in the order of their first appearance, and back. Bytes lie in chunks and slots in one open-addressed table:
/// 20 to 40 bytes an id beside its own, no object per id. One writer; any number of readers once writing has ended.
/// </summary>
internal sealed class IdTable
{
    /// <summary>Longest id in bytes of UTF-8.</summary>
    public const int MaximumIdBytes = ushort.MaxValue;

    private const int ChunkBytes = 1 << 20;
    private const int LengthBytes = sizeof(ushort);

    // A slot holds the upper half of the id's hash and its number + 1, so that a probe touches the id's bytes only when it almost surely
    // matches, and growing touches none.
    private ulong[] _slots;
    private readonly List<byte[]> _chunks = [];
    private long[] _positions;
    private int _chunkUsed = ChunkBytes;

    public IdTable(int capacity = 16)
    {
        _positions = new long[Math.Max(4, capacity)];
        _slots = new ulong[SlotsFor(_positions.Length)];
    }

    /// <summary>Ids held.</summary>
    public int Count { get; private set; }

    /// <summary>Bytes of memory held.</summary>
    public long SizeBytes => _chunks.Sum(chunk => (long)chunk.Length) + ((long)_positions.Length * sizeof(long)) + ((long)_slots.Length * sizeof(ulong));

    /// <summary>The UTF-8 bytes of an id.</summary>
    public ReadOnlySpan<byte> this[int number]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)number, (uint)Count, nameof(number));
            long position = _positions[number];
            byte[] chunk = _chunks[(int)(position / ChunkBytes)];
            int at = (int)(position % ChunkBytes);
            return chunk.AsSpan(at + LengthBytes, chunk[at] | (chunk[at + 1] << 8));
        }
    }

    /// <summary>An id will be read soon. Ids of many numbers: first this for all of them, then <see cref="WillRead"/> for all.</summary>
    public void WillFind(int number) => CacheHint.WillRead(in _positions[number]);

    /// <summary>An id will be read very soon.</summary>
    public void WillRead(int number)
    {
        long position = _positions[number];
        CacheHint.WillRead(in _chunks[(int)(position / ChunkBytes)][(int)(position % ChunkBytes)]);
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

        if (Count == _positions.Length)
        {
            Grow();
            slot = FindSlot(id, hash);
        }

        _positions[Count] = Store(id);
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

    private long Store(ReadOnlySpan<byte> id)
    {
        if (id.Length > MaximumIdBytes)
        {
            throw new ArgumentException($"An id of {id.Length} bytes is too long: at most {MaximumIdBytes}.", nameof(id));
        }

        int used = _chunkUsed + LengthBytes + id.Length;
        if (used > ChunkBytes)
        {
            // The first chunk starts small and doubles, so that a hundred ids do not hold a megabyte.
            used = LengthBytes + id.Length;
            _chunks.Add(new byte[_chunks.Count == 0 ? Math.Max(used, 1024) : ChunkBytes]);
            _chunkUsed = 0;
        }

        byte[] chunk = _chunks[^1];
        if (used > chunk.Length)
        {
            Array.Resize(ref chunk, Math.Min(ChunkBytes, Math.Max(used, chunk.Length * 2)));
            _chunks[^1] = chunk;
        }

        chunk[_chunkUsed] = (byte)id.Length;
        chunk[_chunkUsed + 1] = (byte)(id.Length >> 8);
        id.CopyTo(chunk.AsSpan(_chunkUsed + LengthBytes));
        long position = ((long)(_chunks.Count - 1) * ChunkBytes) + _chunkUsed;
        _chunkUsed += LengthBytes + id.Length;
        return position;
    }

    private void Grow()
    {
        Array.Resize(ref _positions, checked(_positions.Length * 2));
        int size = SlotsFor(_positions.Length);
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
}

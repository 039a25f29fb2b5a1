using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// The best candidates of a walk, nearest first, in one sorted array of 64-bit entries: key (signed, smaller is nearer) in the upper half,
/// then the node, then one bit that says it was expanded. Sorting entries as integers sorts by key, then by node. Belongs to one search.
/// </summary>
/// <remarks>
/// A sorted array beats a heap here: inserting is a shift by vector minimum and maximum without a branch that could be mispredicted, the
/// worst entry and the next to expand are at known places, and the result needs no sorting.
/// </remarks>
internal unsafe ref struct CandidatePool
{
    /// <summary>An entry that no candidate can be worse than; counts as expanded.</summary>
    public const long Empty = long.MaxValue;

    /// <summary>Longs that must be writable before the first entry, and multiple that the capacity is rounded to.</summary>
    public const int Lanes = 8;

    private readonly long* _entries;
    private int _cursor;

    /// <summary>Clears a pool.</summary>
    /// <param name="entries">Room for <paramref name="capacity"/> entries, preceded by <see cref="Lanes"/> longs.</param>
    /// <param name="capacity">A multiple of <see cref="Lanes"/>.</param>
    public CandidatePool(long* entries, int capacity)
    {
        _entries = entries;
        Capacity = capacity;
        new Span<long>(entries - Lanes, Lanes).Fill(long.MinValue);
        new Span<long>(entries, capacity).Fill(Empty);
    }

    /// <summary>Entries that it can hold.</summary>
    public int Capacity { get; }

    /// <summary>Entries that it holds.</summary>
    public int Count { get; private set; }

    /// <summary>What a new entry must be below to be taken.</summary>
    public readonly long Worst => _entries[Capacity - 1];

    /// <summary>Capacity for a wanted size.</summary>
    public static int Rounded(int size) => (size + Lanes - 1) / Lanes * Lanes;

    /// <summary>An entry of a candidate that was not expanded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Entry(int key, int node) => ((long)key << 32) | ((uint)node << 1);

    /// <summary>The last of all entries with a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long LastEntry(int key) => ((long)key << 32) | uint.MaxValue;

    /// <summary>The key of an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int KeyOf(long entry) => (int)(entry >> 32);

    /// <summary>The node of an entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int NodeOf(long entry) => (int)((uint)entry >> 1);

    /// <summary>The node at a rank, nearest first.</summary>
    public readonly int NodeAt(int rank) => NodeOf(_entries[rank]);

    /// <summary>The key at a rank, nearest first.</summary>
    public readonly int KeyAt(int rank) => KeyOf(_entries[rank]);

    /// <summary>The key at a rank, or another where there are not so many entries.</summary>
    public readonly int KeyOr(int rank, int other) => rank < Count ? KeyOf(_entries[rank]) : other;

    /// <summary>Takes an entry that is below <see cref="Worst"/>; the worst falls out of a full pool.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Insert(long entry)
    {
        var last = Math.Min(Count, Capacity - 1);
        int rank;
        if (Avx512F.IsSupported)
        {
            var wanted = Vector512.Create(entry);
            var block = last & -Lanes;
            var here = Vector512.Load(_entries + block);
            while (true)
            {
                // What was one place before, or the new entry where it belongs, or what is there already. Whole registers are loaded as they
                // were stored: a load across two recent stores would wait for both.
                var lower = Vector512.Load(_entries + block - Lanes);
                var before = Avx512F.AlignRight64(here, lower, Lanes - 1);
                Vector512.Max(before, Vector512.Min(here, wanted)).Store(_entries + block);
                if (_entries[block - 1] < entry) break;
                here = lower;
                block -= Lanes;
            }
            rank = block;
        }
        else
        {
            rank = last;
            while (_entries[rank - 1] > entry)
            {
                _entries[rank] = _entries[rank - 1];
                rank--;
            }
            _entries[rank] = entry;
        }
        Count = last + 1;
        _cursor = Math.Min(_cursor, rank);
    }

    /// <summary>Drops the entries that are farther, so that no insertion has to pass by them.</summary>
    /// <param name="farthest">What an entry may be at most.</param>
    public void Drop(long farthest)
    {
        while (Count > 0 && _entries[Count - 1] > farthest) _entries[--Count] = Empty;
    }

    /// <summary>Finds the nearest entry that was not expanded, and marks it.</summary>
    /// <param name="most">How many of the nearest entries are looked at; a multiple of <see cref="Lanes"/>, or more than there can be.</param>
    /// <param name="farthest">What an entry may be at most.</param>
    /// <returns>Its node, or -1 where there is none left.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Expand(int most, long farthest)
    {
        while (_cursor < Math.Min(Count, most))
        {
            if (Vector512.IsHardwareAccelerated)
            {
                var block = _cursor & -Lanes;
                var open = Vector512.Equals(Vector512.Load(_entries + block) & Vector512<long>.One, Vector512<long>.Zero).ExtractMostSignificantBits();
                if (open == 0)
                {
                    _cursor = block + Lanes;
                    continue;
                }
                _cursor = block + BitOperations.TrailingZeroCount(open);
            }
            else if ((_entries[_cursor] & 1) != 0)
            {
                _cursor++;
                continue;
            }
            var entry = _entries[_cursor];
            if (entry > farthest) return -1;
            _entries[_cursor++] = entry | 1;
            return NodeOf(entry);
        }
        return -1;
    }
}

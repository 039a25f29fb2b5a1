using System.Collections;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Memory;

/// <summary>Which rows are equal, value for value, as those of items are that are known only by the same attributes. Immutable after construction.</summary>
internal sealed unsafe class EqualRows
{
    private readonly BitArray _repeats;
    private readonly List<int[]> _groups = [];

    /// <summary>Compares all rows: by half of a hash of each, and where these agree by their values. Takes about as long as reading them once.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="deleted">Rows that do not count.</param>
    /// <param name="threads">Who reads them.</param>
    /// <param name="cancellationToken">Checked between pieces of the rows.</param>
    public EqualRows(VectorRows rows, ItemBits deleted, BuildThreads threads, CancellationToken cancellationToken)
    {
        _repeats = new BitArray(rows.Count);
        // Eight bytes a row that are given back at once.
        var memory = (ulong*)NativeMemory.Alloc((nuint)rows.Count, sizeof(ulong));
        try
        {
            threads.ForEachPiece(
                rows.Count,
                (first, end) =>
                {
                    for (var item = first; item < end; item++) memory[item] = Entry(Checksum.Of((byte*)rows.Row(item), (long)rows.Dimension * sizeof(float)), item);
                },
                cancellationToken);
            Group(rows, deleted, new Span<ulong>(memory, rows.Count));
        }
        finally
        {
            NativeMemory.Free(memory);
        }
        _groups.Sort((a, b) => a[0].CompareTo(b[0]));
    }

    /// <summary>Rows that are equal, two or more, each group and all of them in ascending order.</summary>
    public IReadOnlyList<int[]> Groups => _groups;

    /// <summary>Whether a row equals one before it.</summary>
    public bool IsRepeat(int item) => _repeats[item];

    private void Group(VectorRows rows, ItemBits deleted, Span<ulong> entries)
    {
        var count = 0;
        for (var item = 0; item < rows.Count; item++)
        {
            if (!deleted.Contains(item)) entries[count++] = entries[item];
        }
        entries = entries[..count];
        entries.Sort();
        for (int begin = 0, end; begin < entries.Length; begin = end)
        {
            end = begin + 1;
            while (end < entries.Length && entries[end] >> 32 == entries[begin] >> 32) end++;
            if (end - begin > 1) Add(rows, entries[begin..end]);
        }
    }

    /// <summary>Adds the groups among rows of one hash: hardly ever more than one.</summary>
    private void Add(VectorRows rows, ReadOnlySpan<ulong> entries)
    {
        foreach (var entry in entries)
        {
            var first = ItemOf(entry);
            if (IsRepeat(first)) continue;
            var group = new List<int> { first };
            foreach (var other in entries)
            {
                if (ItemOf(other) > first && rows.AreEqual(first, ItemOf(other))) group.Add(ItemOf(other));
            }
            if (group.Count == 1) continue;
            _groups.Add([.. group]);
            for (var i = 1; i < group.Count; i++) _repeats[group[i]] = true;
        }
    }

    /// <summary>Sorts by hash, then by item.</summary>
    private static ulong Entry(ulong hash, int item) => (hash & 0xFFFF_FFFF_0000_0000) | (uint)item;

    private static int ItemOf(ulong entry) => (int)(uint)entry;
}

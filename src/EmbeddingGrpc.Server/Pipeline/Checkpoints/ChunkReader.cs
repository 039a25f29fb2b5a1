using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Fills tables with the chunks of a section, which come in any order, each with its kind (<see cref="ChunkWriter"/>). One thread.</summary>
/// <param name="pages">The section; its index is read as far as the counts.</param>
/// <param name="what">Names what it has, in errors.</param>
internal sealed class ChunkReader(CheckpointPages pages, string what)
{
    private readonly List<Kind> _kinds = [];

    /// <summary>Reads how many there are of something.</summary>
    /// <exception cref="CheckpointCorruptException">Fewer than none.</exception>
    public int ReadCount()
    {
        var count = pages.Index.Read<int>();
        return count >= 0 ? count : throw new CheckpointCorruptException($"{what} has {count} of something");
    }

    /// <summary>Reads how many kinds there are, and how many of each.</summary>
    /// <exception cref="CheckpointCorruptException">There are others.</exception>
    public int[] ReadCounts(int kinds, string ofWhat)
    {
        var found = pages.Index.Read<int>();
        if (found != kinds) throw new CheckpointCorruptException($"{what} has {found} {ofWhat} where {kinds} belong");
        var counts = new int[kinds];
        for (var kind = 0; kind < kinds; kind++) counts[kind] = ReadCount();
        return counts;
    }

    /// <summary>Says where the blocks of the next kind belong; kinds count from 0.</summary>
    /// <param name="table">Empty, and not read by anyone.</param>
    /// <param name="count">How many blocks there are of it.</param>
    public void Expect<T>(BlockTable<T> table, int count)
        where T : unmanaged =>
        _kinds.Add(new Kind(count, table.ChunkBlocks, () => (long)table.ChunkCount * table.ChunkBlocks, blocks => pages.AddChunk(table, blocks)));

    /// <summary>Reads all chunks.</summary>
    /// <exception cref="CheckpointCorruptException">They are not those that were expected, or damaged.</exception>
    public void ReadChunks()
    {
        for (var chunks = ReadCount(); chunks > 0; chunks--)
        {
            var number = pages.Index.Read<byte>();
            if (number >= _kinds.Count) throw new CheckpointCorruptException($"{what} has pages of kind {number}, known are 0..{_kinds.Count - 1}");
            var kind = _kinds[number];
            var left = kind.Count - kind.Held();
            if (left <= 0) throw new CheckpointCorruptException($"{what} has more pages than {kind.Count} of a kind need");
            kind.AddChunk((int)Math.Min(left, kind.ChunkBlocks));
        }

        for (var number = 0; number < _kinds.Count; number++)
        {
            if (_kinds[number].Held() < _kinds[number].Count) throw new CheckpointCorruptException($"{what} has {_kinds[number].Count} of kind {number}, which are not all there");
        }
    }

    private sealed record Kind(int Count, int ChunkBlocks, Func<long> Held, Action<int> AddChunk);
}

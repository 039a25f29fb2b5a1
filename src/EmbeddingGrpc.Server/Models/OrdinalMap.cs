using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Item keys to one generation's ordinals. Any number of threads: an entry is filled when it is first asked for, by one exchange of a
/// value that every thread would compute alike, so a race costs a lookup and nothing else. What is folded in is set by the one writer of the
/// generation's overlay, and no reader takes it back.
/// </summary>
/// <remarks>
/// Filled on demand rather than when the generation is published, because keys are still being given then: after a start the applier
/// replays the log while a loaded generation serves already.
/// </remarks>
internal sealed class OrdinalMap(Vocabulary vocabulary, ItemKeys items)
{
    private const int ChunkBits = 12;
    private const int ChunkSize = 1 << ChunkBits;
    private const int Absent = -1;

    private readonly Lock _growing = new();

    // An entry is 0 until asked for, Absent for an item that the vocabulary lacks, else ordinal + 1. The directory is replaced by a longer
    // copy when keys outgrow it.
    private int[]?[] _chunks = new int[]?[(items.Count >> ChunkBits) + 1];

    /// <summary>The ordinal of a key; false for items that the vocabulary lacks and for keys not given yet.</summary>
    public bool TryGet(ItemKey key, out ItemOrdinal ordinal)
    {
        var chunks = Volatile.Read(ref _chunks);
        var chunk = (uint)key.Value >> ChunkBits < (uint)chunks.Length ? chunks[key.Value >> ChunkBits] : null;
        var entry = chunk is null ? 0 : Volatile.Read(ref chunk[key.Value & (ChunkSize - 1)]);
        if (entry == 0 && !TryFill(key, out entry))
        {
            ordinal = default;
            return false;
        }

        ordinal = new ItemOrdinal(entry - 1);
        return entry != Absent;
    }

    /// <summary>Gives an item that the vocabulary lacks an ordinal behind the vocabulary's. The overlay's writer only.</summary>
    public void Set(ItemKey key, ItemOrdinal ordinal) =>
        Volatile.Write(ref ChunkOf(key.Value >> ChunkBits)[key.Value & (ChunkSize - 1)], ordinal.Value + 1);

    private bool TryFill(ItemKey key, out int entry)
    {
        entry = Absent;
        if ((uint)key.Value >= (uint)items.Count) return false;
        if (vocabulary.TryGetOrdinal(items.Utf8IdOf(key), out var ordinal)) entry = ordinal.Value + 1;
        var earlier = Interlocked.CompareExchange(ref ChunkOf(key.Value >> ChunkBits)[key.Value & (ChunkSize - 1)], entry, 0);
        if (earlier != 0) entry = earlier;
        return true;
    }

    private int[] ChunkOf(int index)
    {
        var chunks = Volatile.Read(ref _chunks);
        if (index < chunks.Length && Volatile.Read(ref chunks[index]) is { } chunk) return chunk;

        // Rare, and under a lock, so that no chunk is lost to a directory that is replaced meanwhile.
        lock (_growing)
        {
            if (index >= _chunks.Length)
            {
                var longer = new int[]?[Math.Max(index + 1, _chunks.Length * 2)];
                Array.Copy(_chunks, longer, _chunks.Length);
                Volatile.Write(ref _chunks, longer);
            }

            if (_chunks[index] is null) Volatile.Write(ref _chunks[index], new int[ChunkSize]);
            return _chunks[index]!;
        }
    }
}

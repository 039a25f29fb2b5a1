using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Item keys to one generation's ordinals. Any number of threads, no lock: an entry is filled when it is first asked for, by a single
/// aligned store of a value that every thread would compute alike, so a race costs a lookup and nothing else.
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

    // An entry is 0 until asked for, Absent for an item that the vocabulary lacks, else ordinal + 1. The directory is replaced by a longer
    // copy when keys outgrow it; a chunk lost in that race is computed again.
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

    private bool TryFill(ItemKey key, out int entry)
    {
        entry = Absent;
        if ((uint)key.Value >= (uint)items.Count) return false;
        if (vocabulary.TryGetOrdinal(items.IdOf(key), out var ordinal)) entry = ordinal.Value + 1;
        Volatile.Write(ref ChunkOf(key.Value >> ChunkBits)[key.Value & (ChunkSize - 1)], entry);
        return true;
    }

    private int[] ChunkOf(int index)
    {
        var chunks = Volatile.Read(ref _chunks);
        while (index >= chunks.Length)
        {
            var longer = new int[]?[Math.Max(index + 1, chunks.Length * 2)];
            Array.Copy(chunks, longer, chunks.Length);
            var seen = Interlocked.CompareExchange(ref _chunks, longer, chunks);
            chunks = ReferenceEquals(seen, chunks) ? longer : seen;
        }

        return Volatile.Read(ref chunks[index]) ?? Interlocked.CompareExchange(ref chunks[index], new int[ChunkSize], null) ?? chunks[index]!;
    }
}

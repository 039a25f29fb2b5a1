using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// A thread's negative samples, drawn in batches a batch ahead: while one batch is used up, the table's slots of the next are on their way
/// to the cache.
/// </summary>
/// <param name="table">The noise distribution.</param>
internal sealed class NoiseStream(AliasTable table)
{
    private const int BatchSize = 128;

    private readonly ulong[] _coming = new ulong[BatchSize];
    private readonly int[] _drawn = new int[BatchSize];
    private int _next = BatchSize;

    /// <summary>Begins anew, so that what follows depends on <paramref name="random"/> alone.</summary>
    public void Reset(ref RandomSource random)
    {
        Ask(ref random);
        _next = BatchSize;
    }

    /// <summary>The next item.</summary>
    public int Next(ref RandomSource random)
    {
        int[] drawn = _drawn;
        int next = _next;
        if ((uint)next >= (uint)drawn.Length)
        {
            table.Draw(_coming, drawn);
            Ask(ref random);
            next = 0;
        }

        _next = next + 1;
        return drawn[next];
    }

    private void Ask(ref RandomSource random)
    {
        foreach (ref ulong bits in _coming.AsSpan())
        {
            bits = random.Next();
        }

        table.Prefetch(_coming);
    }
}

using System.Runtime.CompilerServices;
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
    public int Next(ref RandomSource random) => Take(1, ref random)[0];

    /// <summary>The next items, at most as many as asked for and at least one; valid until the next call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<int> Take(int count, ref RandomSource random)
    {
        if (_next == BatchSize)
        {
            Refill(ref random);
        }

        var taken = new ReadOnlySpan<int>(_drawn, _next, Math.Min(count, BatchSize - _next));
        _next += taken.Length;
        return taken;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Refill(ref RandomSource random)
    {
        table.Draw(_coming, _drawn);
        Ask(ref random);
        _next = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Ask(ref RandomSource random)
    {
        foreach (ref ulong bits in _coming.AsSpan())
        {
            bits = random.Next();
        }

        table.Prefetch(_coming);
    }
}

using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>Negative sampling: the center, and items drawn from the noise distribution. One thread.</summary>
/// <param name="table">The noise distribution.</param>
/// <param name="negatives">How many.</param>
internal sealed class NegativeTargets(AliasTable table, int negatives) : ITargets
{
    private const int MaximumRedraws = 8;

    private readonly NoiseStream _noise = new(table);

    public int MaximumCount => 1 + negatives;

    public void Reset(ref RandomSource random) => _noise.Reset(ref random);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(int center, PairBlock step, ref RandomSource random)
    {
        step.AddOutput(center, 1);
        for (int left = negatives; left > 0;)
        {
            var drawn = _noise.Take(left, ref random);
            left -= drawn.Length;
            foreach (int negative in drawn)
            {
                step.AddOutput(negative == center ? Redraw(center, ref random) : negative, 0);
            }
        }
    }

    /// <summary>An item must not be taught at once that it follows and that it does not; a tiny vocabulary may leave no choice.</summary>
    private int Redraw(int center, ref RandomSource random)
    {
        int negative = center;
        for (int redraw = 0; negative == center && redraw < MaximumRedraws; redraw++)
        {
            negative = table.Draw(random.Next());
        }

        return negative;
    }
}

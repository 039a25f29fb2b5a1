using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>Negative sampling: the center, and items drawn from the noise distribution. One thread.</summary>
/// <param name="noise">Draws the negatives.</param>
/// <param name="negatives">How many.</param>
internal sealed class NegativeTargets(NoiseStream noise, int negatives) : ITargets
{
    private const int MaximumRedraws = 8;

    public int MaximumCount => 1 + negatives;

    public void Reset(ref RandomSource random) => noise.Reset(ref random);

    public void Add(int center, PairBlock step, ref RandomSource random)
    {
        step.AddOutput(center, 1);
        for (int i = 0; i < negatives; i++)
        {
            int negative = noise.Next(ref random);

            // An item must not be taught at once that it follows and that it does not; a tiny vocabulary may leave no choice.
            for (int redraw = 0; negative == center && redraw < MaximumRedraws; redraw++)
            {
                negative = noise.Next(ref random);
            }

            step.AddOutput(negative, 0);
        }
    }
}

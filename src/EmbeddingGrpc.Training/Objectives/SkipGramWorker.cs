using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// One thread's skip-gram: every context of a center, as an input row, against the center's output rows, which all contexts share. Several
/// workers train the same matrices at once.
/// </summary>
internal sealed class SkipGramWorker(
    TrainingCorpus corpus, TrainingOptions options, Subsampler subsampler, ITargets targets, PairBlock pairs)
    : SampledWorker(corpus, options, subsampler, targets, pairs)
{
    /// <summary>A wider window goes in groups of this many contexts, one step each, all against the center's one set of output rows.</summary>
    public const int GroupContexts = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override double TrainCenter(int center, int first, int end, float rate, bool measure)
    {
        AddContexts(center, first, center, rate);
        AddContexts(center, center + 1, end, rate * BackwardWeight);
        double loss = measure && Pairs.InputCount > 0 ? Pairs.Loss() : double.NaN;
        Step(rate * WeightDecay);
        return loss;
    }

    /// <summary>A center's row shrinks once, with its last group, as often as it is predicted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Step(float outputDecay)
    {
        if (WeightDecay > 0 && Pairs.InputCount > 0)
        {
            Pairs.Shrink(WeightDecay, outputDecay);
        }

        Pairs.Step();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddContexts(int center, int first, int end, float rate)
    {
        var items = Words.Items[first..end];
        for (int i = 0; i < items.Length; i++)
        {
            if (Pairs.InputCount == GroupContexts)
            {
                Step(outputDecay: 0);
            }

            Pairs.AddInput(items[i], Words.HasWeights ? rate * Words.RootWeight(first + i) * Words.RootWeight(center) : rate);
        }
    }
}

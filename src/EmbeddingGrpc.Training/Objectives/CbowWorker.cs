using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// One thread's continuous bag of words: the weighted mean of a window's contexts against the center's output rows. Several workers train
/// the same matrices at once.
/// </summary>
internal sealed class CbowWorker(
    TrainingCorpus corpus, TrainingOptions options, Subsampler subsampler, ITargets targets, PairBlock pairs)
    : SampledWorker(corpus, options, subsampler, targets, pairs)
{
    /// <summary>Contexts of a mean at most: the nearest of a longer session.</summary>
    public const int MaximumContexts = 2000;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override double TrainCenter(int center, int first, int end, float rate, bool measure)
    {
        var items = Words.Items;
        first = Math.Max(first, center - (MaximumContexts / 2));
        end = Math.Min(end, center + (MaximumContexts / 2) + 1);
        for (int context = first; context < end; context++)
        {
            float weight = context == center ? 0 : PairWeight(context, center);
            if (weight > 0)
            {
                Pairs.AddToMean(items[context], weight);
            }
        }

        // The gradient of a mean of n rows is 1/n for each; word2vec takes it whole, which makes up for the small step that is left.
        int count = Pairs.InputCount;
        double loss = measure && count > 0 ? Pairs.LossMean() : double.NaN;
        if (WeightDecay > 0 && count > 0)
        {
            Pairs.Shrink(rate * WeightDecay, rate * WeightDecay);
        }

        Pairs.StepMean(rate, count);
        return loss;
    }
}

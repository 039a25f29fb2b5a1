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

    protected override double TrainCenter(int center, int first, int end, float rate, bool measure)
    {
        var items = Words.Items;
        double loss = double.NaN;
        for (int context = first; context < end; context++)
        {
            if (context == center)
            {
                continue;
            }

            Pairs.AddInput(items[context], rate * PairWeight(context, center));
            if (Pairs.InputCount == GroupContexts)
            {
                Pairs.Step();
            }
        }

        if (measure && Pairs.InputCount > 0)
        {
            loss = Pairs.Loss();
        }

        Pairs.Step();
        return loss;
    }
}

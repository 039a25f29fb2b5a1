using System.Runtime.CompilerServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Workers that let a few output rows of each center stand for the softmax. The next center's rows are on their way to the cache while the
/// present one's are used.
/// </summary>
internal abstract class SampledWorker : TrainingWorker
{
    private readonly ITargets _targets;

    protected SampledWorker(TrainingCorpus corpus, TrainingOptions options, Subsampler subsampler, ITargets targets, PairBlock pairs)
        : base(corpus, options, subsampler)
    {
        _targets = targets;
        BackwardWeight = (float)options.BackwardWeight;
        WeightDecay = options.Objective.IsHierarchical() ? 0 : (float)options.WeightDecay;
        Pairs = pairs;
    }

    protected PairBlock Pairs { get; }

    /// <summary>Weight of a pair whose context comes after the center that it predicts.</summary>
    protected float BackwardWeight { get; }

    /// <summary>How much a pair shrinks its rows, beside the rate. What is decided at a node of a tree is no item's.</summary>
    protected float WeightDecay { get; }

    public override void Dispose() => Pairs.Dispose();

    /// <summary>Weight of the pair of a context and the center that it predicts.</summary>
    protected float PairWeight(int context, int center)
    {
        float weight = context < center ? 1 : BackwardWeight;
        return Words.HasWeights ? weight * Words.RootWeight(context) * Words.RootWeight(center) : weight;
    }

    protected override void Begin(ref RandomSource random) => _targets.Reset(ref random);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Prepare(int center, ref RandomSource random)
    {
        var items = Words.Items;
        _targets.Add(items[center], Pairs, ref random);

        // Of the next window only its far end is new; the rest has just been used.
        Pairs.PrefetchInput(items[Math.Min(center + Window.PrefetchDistance, items.Length - 1)]);
    }

    protected override void Advance() => Pairs.Advance();
}

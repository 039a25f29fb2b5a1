using System.Diagnostics;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>What all runs of one training share, a measuring run included: the corpus, the samplers, the shape of the matrices.</summary>
internal sealed class TrainingJob : IDisposable
{
    private readonly TrainingCorpus _corpus;
    private readonly TrainingOptions _options;
    private readonly WarmStart? _warmStart;
    private readonly HashedRows _map;
    private readonly Subsampler _subsampler;
    private readonly AliasTable? _noise;
    private readonly HuffmanTree? _tree;
    private readonly HashedRows _outputMap;
    private readonly int _threads;

    public TrainingJob(TrainingCorpus corpus, TrainingOptions options, WarmStart? warmStart)
    {
        _corpus = corpus;
        _options = options;
        _warmStart = warmStart;
        _threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        _subsampler = new Subsampler(corpus.Vocabulary, options.Subsample);
        _map = MapOf(corpus.Vocabulary.Count, options);
        _outputMap = _map;
        switch (options.Objective)
        {
            case TrainingObjective.SkipGramNegativeSampling or TrainingObjective.CbowNegativeSampling:
                _noise = new AliasTable(NoiseWeights.For(corpus.Vocabulary.Counts, options));
                break;
            case TrainingObjective.SkipGramHierarchicalSoftmax or TrainingObjective.CbowHierarchicalSoftmax:
                _tree = new HuffmanTree(corpus.Vocabulary.Counts);
                _outputMap = HashedRows.None(_tree.NodeCount);
                break;
            default:
                ThrowIfTooLargeForFullSoftmax(corpus.Vocabulary.Count);
                break;
        }

        if (warmStart is not null)
        {
            ThrowIfUnfit(warmStart);
        }
    }

    private bool IsHierarchical =>
        _options.Objective is TrainingObjective.SkipGramHierarchicalSoftmax or TrainingObjective.CbowHierarchicalSoftmax;

    private void ThrowIfUnfit(WarmStart warmStart)
    {
        if (IsHierarchical)
        {
            throw new ArgumentException($"A warm start needs output vectors of items; {_options.Objective} has those of tree nodes.", nameof(warmStart));
        }

        if (warmStart.Input.Dimension != _options.Dimension || warmStart.Output.Dimension != _options.Dimension)
        {
            throw new ArgumentException(
                $"A warm start needs vectors of dimension {_options.Dimension}; the earlier generation's have {warmStart.Input.Dimension} and {warmStart.Output.Dimension}. "
                + "Keep the dimension, or train without a warm start.",
                nameof(warmStart));
        }
    }

    public void Dispose() => _noise?.Dispose();

    /// <summary>Trains fresh matrices as planned. The caller owns the result.</summary>
    public TrainedEmbeddings Execute(TrainingPlan plan, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EmbeddingMatrix? input = null, output = null;
        try
        {
            input = new EmbeddingMatrix(_map.Rows, plan.Dimension);
            output = new EmbeddingMatrix(_outputMap.Rows, plan.Dimension);
            Initialise(input, output);
            var clock = Stopwatch.StartNew();
            var schedule = new TrainingSchedule(_corpus, _options, _threads, plan.Epochs, plan.TimeLimit);
            var run = new TrainingRun(schedule, _threads, _options.Niceness, (long)(_corpus.WordCount * plan.Epochs), progress, cancellationToken);
            var (words, loss) = run.Execute(() => CreateWorker(input, output));
            return new TrainedEmbeddings(input, output, words, clock.Elapsed, loss)
            {
                Map = _map,
                HasItemOutputs = !IsHierarchical,
                Trade = TradeOf(plan, words),
            };
        }
        catch
        {
            input?.Dispose();
            output?.Dispose();
            throw;
        }
    }

    private static HashedRows MapOf(int items, TrainingOptions options)
    {
        if (options.MaximumVocabulary == 0 || items <= options.MaximumVocabulary)
        {
            return HashedRows.None(items);
        }

        int shared = options.SharedRows > 0 ? options.SharedRows : Math.Max(1, options.MaximumVocabulary / 4);
        return new HashedRows(items, options.MaximumVocabulary, shared);
    }

    private static void ThrowIfTooLargeForFullSoftmax(int items)
    {
        if (items > FullSoftmaxWorker.MaximumItems)
        {
            throw new InvalidOperationException(
                $"A full softmax over {items} items would take years; it is a reference for at most {FullSoftmaxWorker.MaximumItems}. Use negative sampling or a hierarchical softmax.");
        }
    }

    private TrainingWorker CreateWorker(EmbeddingMatrix input, EmbeddingMatrix output)
    {
        if (_options.Objective == TrainingObjective.SkipGramFullSoftmax)
        {
            return new FullSoftmaxWorker(_corpus, _options, _subsampler, input, output);
        }

        ITargets targets = _tree is null ? new NegativeTargets(_noise!, _options.NegativeSamples) : new TreeTargets(_tree);
        if (_options.Objective is TrainingObjective.SkipGramNegativeSampling or TrainingObjective.SkipGramHierarchicalSoftmax)
        {
            var pairs = new PairBlock(input, _map, output, _outputMap, SkipGramWorker.GroupContexts, targets.MaximumCount);
            return new SkipGramWorker(_corpus, _options, _subsampler, targets, pairs);
        }

        var means = new PairBlock(input, _map, output, _outputMap, CbowWorker.MaximumContexts, targets.MaximumCount);
        return new CbowWorker(_corpus, _options, _subsampler, targets, means);
    }

    /// <summary>W1 uniform, W2 zero, so that a step moves W2 first; then what an earlier generation knows.</summary>
    private void Initialise(EmbeddingMatrix input, EmbeddingMatrix output)
    {
        float range = (float)(_options.InitialScale / input.Dimension);
        var random = RandomSource.For(_options.Seed, 1UL << 63);
        for (int row = 0; row < input.Rows; row++)
        {
            foreach (ref float value in input[new ItemOrdinal(row)])
            {
                value = ((2 * random.NextSingle()) - 1) * range;
            }
        }

        if (_warmStart is not null && _warmStart.Input.Dimension == input.Dimension)
        {
            WarmStartInitialiser.Fill(_corpus, _warmStart, input, output, _map.DirectRows);
        }
    }

    private TrainingTrade TradeOf(TrainingPlan plan, long words)
    {
        double epochs = (double)words / _corpus.WordCount;
        return new TrainingTrade(_options.Epochs, epochs, _options.Dimension, plan.Dimension, Math.Min(1, epochs));
    }
}

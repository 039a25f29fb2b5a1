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

    public TrainingJob(TrainingCorpus corpus, TrainingOptions options, WarmStart? warmStart)
    {
        _corpus = corpus;
        _options = options;
        _warmStart = warmStart;
        Threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
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

    /// <summary>Training threads.</summary>
    public int Threads { get; }

    /// <summary>Interactions that the smoothing goes over, as often as it does.</summary>
    public long SmoothedWords => (_corpus.Whole ?? _corpus).WordCount * (TakesBack ? 2 : 1);

    private bool TakesBack => _warmStart is { IsSmoothed: true };

    private NeighbourSmoothing Smoothing(CancellationToken cancellationToken) => new(_corpus.Whole ?? _corpus, _options, _map.DirectRows, Threads, cancellationToken);

    private bool IsHierarchical => _options.Objective.IsHierarchical();

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
            // A watched training may begin once more; one that goes on from another is not watched.
            if (!plan.IsProbe && !plan.Watches) _warmStart?.Copied?.Invoke();
            if (plan.Smooths && TakesBack)
            {
                Smoothing(cancellationToken).TakeBack(input, IsHierarchical ? null : output);
            }

            var clock = Stopwatch.StartNew();
            var schedule = new TrainingSchedule(_corpus, _options, Threads, plan.Epochs, plan.TimeLimit);
            var run = new TrainingRun(schedule, Threads, _options.Niceness, progress, cancellationToken);
            var stop = default(EarlyStop?);
            var slice = plan.Watches ? ValidationSlice.Of(_corpus, _options.Seed) : null;
            var (words, loss) = slice is null ? run.Execute(() => CreateWorker(input, output)) : Watch(run, schedule, slice, input, output, cancellationToken, out stop);
            if (stop is { BestShare: < 1 } early)
            {
                // What was best is gone: the same is trained again, to its end, with all that was held out.
                input.Dispose();
                output.Dispose();
                int epochs = Math.Max(1, (int)Math.Round(plan.Epochs * early.BestShare));
                var again = Execute(plan with { Epochs = epochs, Watches = false }, progress, cancellationToken);
                return again with { WordsTrained = again.WordsTrained + words, Elapsed = clock.Elapsed, BestEpochs = epochs, ValidationScores = early.Scores, Trade = again.Trade with { RequestedEpochs = epochs } };
            }

            if (plan.Smooths)
            {
                Smoothing(cancellationToken).Apply(input, IsHierarchical ? null : output);
            }

            return new TrainedEmbeddings(input, output, words, clock.Elapsed, loss)
            {
                Map = _map,
                HasItemOutputs = !IsHierarchical,
                Trade = TradeOf(plan, words),
                IsSmoothed = plan.Smooths || (_warmStart?.IsSmoothed ?? false),
                ValidationScores = stop?.Scores ?? [],
            };
        }
        catch
        {
            input?.Dispose();
            output?.Dispose();
            throw;
        }
    }

    private (long Words, double Loss) Watch(
        TrainingRun run,
        TrainingSchedule schedule,
        ValidationSlice slice,
        EmbeddingMatrix input,
        EmbeddingMatrix output,
        CancellationToken cancellationToken,
        out EarlyStop? stop)
    {
        var scores = new List<double>();
        (long Words, double Loss) trained = default;
        for (int part = 1; part <= EarlyStop.Parts && !new EarlyStop(scores).IsHopeless; part++)
        {
            schedule.PauseAt = part == EarlyStop.Parts ? long.MaxValue : schedule.BlockCount * part / EarlyStop.Parts;
            trained = run.Execute(() =>
            {
                var worker = CreateWorker(input, output);
                worker.HeldOut = slice;
                return worker;
            });
            cancellationToken.ThrowIfCancellationRequested();
            scores.Add(slice.Score(input, output, Threads, _options.Niceness));
        }

        stop = new EarlyStop(scores);
        return trained;
    }

    /// <summary>Which rows the items share.</summary>
    public static HashedRows MapOf(int items, TrainingOptions options)
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
        return new TrainingTrade(_options.Epochs, epochs, _options.Dimension, plan.Dimension, Math.Min(1, epochs))
        {
            GaveUpSmoothing = _options.Smoothing > 0 && !plan.Smooths,
        };
    }
}

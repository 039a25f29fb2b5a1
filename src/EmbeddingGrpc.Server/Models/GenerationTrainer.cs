using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>One training, from the log to a generation on disk, which serves unless it is worse than the one before it. One thread; used once.</summary>
/// <remarks>
/// Where a generation serves and enough has come since, the candidate is trained up to a cut in time and compared with the serving one on what follows.
/// It then learns that as well before it serves: nobody waits for the next training for the newest data.
/// </remarks>
internal sealed class GenerationTrainer(
    string model,
    ModelOptions options,
    ModelEvents events,
    GenerationStore generations,
    GenerationPublisher publisher,
    TimeProvider time,
    TrainingRun run,
    CancellationToken stopping)
{
    // What is learned last changes little of what is known: from half the learning rate down.
    private const double FinishingLearningRate = 0.5;

    private readonly Dictionary<string, double> _metrics = new(StringComparer.Ordinal);

    /// <summary>Trains on what is durable before an offset.</summary>
    /// <returns>The generation, which serves if its <see cref="GenerationInfo.Promotion"/> says so.</returns>
    public GenerationInfo Train(LogOffset through)
    {
        if (!options.Promotion.Enabled) return TrainUnopposed(through, "Promotion.Enabled is off.");
        if (!generations.TryLease(out var lease)) return TrainUnopposed(through, "The model had no generation.");
        using (lease) return TrainAgainst(lease.Generation, through);
    }

    private GenerationInfo TrainUnopposed(LogOffset through, string reason)
    {
        var corpus = Phase(TrainingPhase.Read, progress => Read(through, long.MaxValue, progress));
        return Publish(Phase(TrainingPhase.Train, progress => Learn(corpus, options.Training, null, progress)), through, PromotionReport.Unopposed(reason));
    }

    private GenerationInfo TrainAgainst(Generation serving, LogOffset through)
    {
        var gate = new PromotionGate(options);
        var (slice, corpus) = Phase(TrainingPhase.Read, progress => ReadAround(serving.Info, through, progress));
        var vectors = Phase(TrainingPhase.Train, progress => Learn(corpus, options.Training, null, progress));
        var queries = slice?.Questions.Queries.Count ?? 0;
        if (slice is null || queries < options.Promotion.MinimumQueries) return Publish(vectors, through, gate.Inconclusive(queries, serving.Info));

        PromotionReport report;
        try
        {
            report = Phase(TrainingPhase.Evaluate, progress =>
            {
                var folded = FoldInReplay.Run(serving, events.Log, through, slice.Questions.Cut.TimeMs, events.State.Items, events.State.Catalog, options, stopping);
                return gate.Judge(slice, corpus, vectors, serving, folded, progress.Report, stopping);
            });
        }
        catch
        {
            vectors.Dispose();
            throw;
        }

        _metrics[GenerationMetrics.EvaluationRecall] = report.Evaluation!.Recommenders[0].All.Recall.Value;
        _metrics[GenerationMetrics.EvaluationServingRecall] = report.Evaluation.Recommenders[1].All.Recall.Value;
        return report.Serves ? Publish(Finish(vectors, through), through, report) : Publish(vectors, slice.FirstOffset, report);
    }

    /// <summary>Reads what is before a cut that leaves enough to ask for, or everything where there is none.</summary>
    private (HeldOutSlice? Slice, TrainingCorpus Corpus) ReadAround(GenerationInfo serving, LogOffset through, PhaseProgress progress)
    {
        var slice = HeldOutSlice.Find(events.Log, through, serving, options, stopping);
        if (slice is not null && slice.Questions.Queries.Count >= options.Promotion.MinimumQueries)
        {
            try
            {
                return (slice, Read(through, slice.Questions.Cut.TimeMs, progress));
            }
            catch (NothingToTrainException)
            {
                // Everything that can be learned from is after the cut: nothing to compare.
                slice = null;
            }
        }

        return (slice, Read(through, long.MaxValue, progress));
    }

    private TrainingCorpus Read(LogOffset through, long beforeMs, PhaseProgress progress)
    {
        var started = time.GetTimestamp();
        var corpus = CorpusReader.Read(model, events.Log, through, options, progress.Report, stopping, beforeMs);
        _metrics[GenerationMetrics.ReadSeconds] = time.GetElapsedTime(started).TotalSeconds;
        _metrics[GenerationMetrics.TrainingInteractions] = corpus.WordCount;
        _metrics[GenerationMetrics.TrainingSessions] = corpus.SessionCount;
        return corpus;
    }

    private GenerationVectors Learn(TrainingCorpus corpus, TrainingOptions training, WarmStart? warmStart, PhaseProgress progress)
    {
        // The trainer sets the niceness of its own threads, and would undo what they inherit.
        training = training with { Niceness = Math.Max(training.Niceness, options.TrainingNiceness) };
        var trained = EmbeddingTrainer.Train(corpus, training, warmStart, new InlineProgress<TrainingProgress>(progress.Report), stopping);
        if (warmStart is null) Align(trained, corpus.Vocabulary);
        _metrics[GenerationMetrics.TrainingWordsPerSecond] = trained.WordsPerSecond;
        _metrics[GenerationMetrics.TrainingLoss] = trained.FinalLoss;
        _metrics[GenerationMetrics.TrainingSeconds] = _metrics.GetValueOrDefault(GenerationMetrics.TrainingSeconds) + trained.Elapsed.TotalSeconds;
        _metrics[GenerationMetrics.TrainingEpochs] = _metrics.GetValueOrDefault(GenerationMetrics.TrainingEpochs) + trained.Trade.Epochs;
        return TrainedVectors.Of(trained, corpus.Vocabulary, options.SimilarityShrinkage);
    }

    /// <summary>
    /// Turns fresh vectors onto those of the generation that serves: no score changes by it, and whoever kept vectors of that one can go on using them.
    /// </summary>
    private void Align(TrainedEmbeddings trained, Vocabulary vocabulary)
    {
        var hasRows = trained.Map.DirectRows == trained.Map.Items && trained.HasItemOutputs;
        if (!hasRows || !generations.TryLease(out var lease)) return;
        using (lease)
        {
            var serving = lease.Generation;
            if (serving.Input.Dimension != trained.Input.Dimension || !SharesAnItem(vocabulary, serving.Vocabulary)) return;
            var alignment = ProcrustesAlignment.Fit(vocabulary, trained.Input, serving.Vocabulary, serving.Input);
            alignment.Apply(trained.Input);
            alignment.Apply(trained.Output);
            _metrics[GenerationMetrics.AlignedItems] = alignment.SharedItems;
        }
    }

    private static bool SharesAnItem(Vocabulary fresh, Vocabulary serving)
    {
        for (var item = 0; item < serving.Count; item++)
        {
            if (fresh.TryGetOrdinal(serving.Utf8IdOf(new ItemOrdinal(item)), out _)) return true;
        }

        return false;
    }

    /// <summary>Learns what the candidate was compared by, with all that it knows already. Frees the candidate.</summary>
    private GenerationVectors Finish(GenerationVectors candidate, LogOffset through)
    {
        using (candidate)
        {
            return Phase(TrainingPhase.Finish, progress =>
            {
                var corpus = Read(through, long.MaxValue, progress);
                // The rows of a tree's W2 are no items: such a training cannot go on from its vectors.
                var isTree = options.Training.Objective is TrainingObjective.SkipGramHierarchicalSoftmax or TrainingObjective.CbowHierarchicalSoftmax;
                return isTree
                    ? Learn(corpus, options.Training, null, progress)
                    : Learn(corpus, Finishing(candidate.Input.Dimension), new WarmStart(candidate.Vocabulary, candidate.Input, candidate.Output), progress);
            });
        }
    }

    private TrainingOptions Finishing(int dimension) => options.Training with
    {
        Dimension = dimension,
        Epochs = Math.Max(1, (int)Math.Round(options.Training.Epochs * options.Promotion.FinishingEpochs)),
        LearningRate = options.Training.LearningRate * FinishingLearningRate,
        MaximumSeconds = options.Training.MaximumSeconds * options.Promotion.FinishingEpochs,
    };

    private GenerationInfo Publish(GenerationVectors vectors, LogOffset trainedOffset, PromotionReport report)
    {
        var origin = new GenerationOrigin(trainedOffset, time.GetUtcNow(), _metrics, OptionText.ReadTrained(options), report);
        var parts = Phase(TrainingPhase.Index, progress => new GenerationBuilder(model, options).Build(vectors, origin, progress.Report, stopping));
        return Phase(TrainingPhase.Write, progress => publisher.Publish(parts, progress.Report, stopping));
    }

    private T Phase<T>(TrainingPhase phase, Func<PhaseProgress, T> work)
    {
        // A phase owns what it is given and frees it when it is stopped, so that nothing is lost between two of them.
        var progress = new PhaseProgress(run, phase, time);
        progress.Report(0);
        var result = LowPriorityThread.Run($"{phase} of {model}", options.TrainingNiceness, () => work(progress));
        run.EndPhase(progress.End());
        return result;
    }
}

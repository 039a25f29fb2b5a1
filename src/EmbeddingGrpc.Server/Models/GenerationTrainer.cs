using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Models.Retraining;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>One training, from the log to a generation on disk, which serves unless it is worse than the one before it. One thread; used once.</summary>
/// <remarks>
/// Where a generation serves and enough has come since, the candidate is trained up to a cut in time and compared with the serving one on what follows.
/// It then learns that as well before it serves: nobody waits for the next training for the newest data. A candidate that went on from what serves and
/// is worse is thrown away, and the training begins anew.
/// </remarks>
internal sealed class GenerationTrainer(
    string model,
    ModelOptions options,
    ModelEvents events,
    GenerationStore generations,
    GenerationPublisher publisher,
    RecallOptions recall,
    TimeProvider time,
    TrainingRun run,
    CancellationToken stopping)
{
    // What is learned last changes little of what is known: from half the learning rate down.
    private const double FinishingLearningRate = 0.5;

    // What the trainer takes.
    private const double LeastLearningRate = 1e-6;

    private readonly Dictionary<string, double> _metrics = new(StringComparer.Ordinal);

    // Of a candidate that is kept while what is learned from it on is made.
    private long _candidateBytes;

    private BlendTraining Blending => new(options, recall, events, time, _metrics, stopping);

    /// <summary>Trains on what is durable before an offset.</summary>
    /// <returns>The generation, which serves if its <see cref="GenerationInfo.Promotion"/> says so.</returns>
    public GenerationInfo Train(LogOffset through)
    {
        if (!generations.TryLease(out var lease)) return TrainUnopposed(null, through, "The model had no generation.");
        using (lease)
        {
            var serving = lease.Generation;
            var warm = run.IsFull ? null : WarmRestart.For(options, serving.Info);
            if (!options.Promotion.Enabled) return TrainUnopposed(warm is null ? null : new WarmBase(warm, serving), through, "Promotion.Enabled is off.");
            return (warm is null ? null : TryWarm(new WarmBase(warm, serving), through)) ?? TrainAgainst(null, serving, through)!;
        }
    }

    /// <summary>Goes on from what serves.</summary>
    /// <returns>Null where that is worse, or the window has nothing to learn from.</returns>
    private GenerationInfo? TryWarm(WarmBase warm, LogOffset through)
    {
        GenerationInfo? trained = null;
        try
        {
            trained = TrainAgainst(warm, warm.Generation, through);
        }
        catch (NothingToTrainException)
        {
            // Everything may still have something.
        }

        if (trained is null) _metrics.Clear();
        return trained;
    }

    private GenerationInfo TrainUnopposed(WarmBase? warm, LogOffset through, string reason)
    {
        // What went on from what serves has nothing to hide: it knows the answers already.
        if (warm is not null) Blending.Keep(warm.Generation.Info);
        var (questions, corpus) = Phase(TrainingPhase.Read, progress => ReadBesideQuestions(warm, through, progress));
        var vectors = Phase(TrainingPhase.Train, progress =>
        {
            var learned = Learn(corpus, warm, progress);
            return questions is null ? learned : LearnBlend(learned, questions, through);
        });
        return Publish(vectors, through, PromotionReport.Unopposed(reason));
    }

    /// <summary>Reads everything, and leaves out of the sessions what the sources of recall are weighed by.</summary>
    private (BlendQuestions? Questions, TrainingCorpus Corpus) ReadBesideQuestions(WarmBase? warm, LogOffset through, PhaseProgress progress)
    {
        if (warm is not null || Blending.ToHide(through) is not { } questions) return (null, Read(warm, through, long.MaxValue, progress));
        try
        {
            return (questions, Read(warm, through, long.MaxValue, progress, questions));
        }
        catch (NothingToTrainException)
        {
            return (null, Read(warm, through, long.MaxValue, progress));
        }
    }

    /// <summary>Weighs the sources of recall, then learns what was left out for it. Frees the candidate.</summary>
    private GenerationVectors LearnBlend(GenerationVectors candidate, BlendQuestions questions, LogOffset through)
    {
        using (Beside(candidate))
        {
            Blending.Learn(candidate, questions, through);
            var corpus = Blending.LeftOut(questions, candidate.Vocabulary);
            // So few sessions say nothing of the other rows: they are neither to be forgotten nor smoothed again, and nothing is held out of them.
            var training = Finishing(candidate.Input.Dimension) with
            {
                WeightDecay = 0,
                Smoothing = 0,
                EarlyStopping = false,
            };
            var trained = Train(corpus, training, candidate.ToWarmStart(), progress: null);
            _metrics[GenerationMetrics.TrainingSeconds] += trained.Elapsed.TotalSeconds;
            return TrainedVectors.Of(trained, candidate.Vocabulary, options.VectorSource, options.SimilarityShrinkage);
        }
    }

    /// <summary>Trains a candidate and compares it.</summary>
    /// <returns>Null for a warm one that is worse than what serves: then nothing was published.</returns>
    private GenerationInfo? TrainAgainst(WarmBase? warm, Generation serving, LogOffset through)
    {
        var gate = new PromotionGate(options);
        var (slice, corpus) = Phase(TrainingPhase.Read, progress => ReadAround(warm, serving.Info, through, progress));
        var vectors = Phase(TrainingPhase.Train, progress => Learn(corpus, warm, progress));
        var queries = slice?.Questions.Queries.Count ?? 0;
        Blending.Keep(serving.Info);
        if (slice is null || queries < options.Promotion.MinimumQueries) return Publish(vectors, through, gate.Inconclusive(queries, serving.Info));

        PromotionReport report;
        try
        {
            report = Phase(TrainingPhase.Evaluate, progress =>
            {
                var folded = FoldInReplay.Run(serving, events.Log, through, slice.Questions.Cut.TimeMs, events.State.Items, events.State.Catalog, options, stopping);
                // A tree's W2 rows are no items: the sources have nothing to add up. And a candidate that diverged is found worse without them.
                if (options.Training.Objective.IsHierarchical() || !serving.Info.PredictsNext || !AskedVectors.CanBeAsked(vectors))
                    return gate.Judge(slice, corpus, vectors, serving, folded, [], progress.Report, stopping);
                using var candidateAsked = new AskedVectors(vectors, serving.Metrics, events.State.Items);
                var tables = new GenerationVectors(serving.Vocabulary, serving.Input, serving.Output, serving.HasSimilarityTable ? serving.Similarity : null);
                using var servingAsked = new AskedVectors(tables, serving.Metrics, events.State.Items);
                var blended = Blending.Recommenders(candidateAsked, servingAsked, slice, through);
                return gate.Judge(slice, corpus, vectors, serving, folded, blended, progress.Report, stopping);
            });
        }
        catch
        {
            vectors.Dispose();
            throw;
        }

        if (warm is not null && report.Verdict == PromotionVerdict.Rejected)
        {
            vectors.Dispose();
            return null;
        }

        _metrics[GenerationMetrics.EvaluationRecall] = report.Evaluation!.Recommenders[0].All.Recall.Value;
        _metrics[GenerationMetrics.EvaluationServingRecall] = report.Evaluation.Recommenders[1].All.Recall.Value;
        return report.Serves ? Publish(Finish(vectors, slice, warm, through), through, report) : Publish(vectors, slice.FirstOffset, report);
    }

    /// <summary>Reads what is before a cut that leaves enough to ask for, or everything where there is none.</summary>
    private (HeldOutSlice? Slice, TrainingCorpus Corpus) ReadAround(WarmBase? warm, GenerationInfo serving, LogOffset through, PhaseProgress progress)
    {
        var slice = HeldOutSlice.Find(events.Log, through, serving, options, stopping);
        if (slice is not null && slice.Questions.Queries.Count >= options.Promotion.MinimumQueries)
        {
            try
            {
                return (slice, Read(warm, through, slice.Questions.Cut.TimeMs, progress));
            }
            catch (NothingToTrainException)
            {
                // Everything that can be learned from is after the cut: nothing to compare.
                slice = null;
            }
        }

        return (slice, Read(warm, through, long.MaxValue, progress));
    }

    private TrainingCorpus Read(WarmBase? warm, LogOffset through, long beforeMs, PhaseProgress progress, BlendQuestions? hidden = null)
    {
        var started = time.GetTimestamp();
        var corpus = CorpusReader.Read(model, events.Log, through, options, progress.Report, stopping, warm?.Restart, beforeMs, hidden);
        run.Holds(corpus.SizeBytes + _candidateBytes);
        _metrics[GenerationMetrics.ReadSeconds] = time.GetElapsedTime(started).TotalSeconds;
        _metrics[GenerationMetrics.TrainingInteractions] = corpus.WordCount;
        _metrics[GenerationMetrics.TrainingSessions] = corpus.SessionCount;
        return corpus;
    }

    private GenerationVectors Learn(TrainingCorpus corpus, WarmBase? warm, PhaseProgress progress)
    {
        _metrics[GenerationMetrics.WarmStarts] = warm?.Restart.Number ?? 0;
        return warm is null
            ? Learn(corpus, options.Training, null, progress)
            : Learn(
                corpus,
                warm.Restart.Training,
                new WarmStart(warm.Generation.Vocabulary, warm.Generation.Input, warm.Generation.Output) { IsSmoothed = warm.Restart.StartsSmoothed },
                progress);
    }

    private GenerationVectors Learn(TrainingCorpus corpus, TrainingOptions training, WarmStart? warmStart, PhaseProgress progress)
    {
        var trained = Train(corpus, training, warmStart, new InlineProgress<TrainingProgress>(progress.Report));
        if (warmStart is null) Align(trained, corpus.Vocabulary);
        _metrics[GenerationMetrics.TrainingWordsPerSecond] = trained.WordsPerSecond;
        _metrics[GenerationMetrics.TrainingLoss] = trained.FinalLoss;
        _metrics[GenerationMetrics.TrainingSmoothed] = trained.IsSmoothed ? 1 : 0;
        _metrics[GenerationMetrics.TrainingSeconds] = _metrics.GetValueOrDefault(GenerationMetrics.TrainingSeconds) + trained.Elapsed.TotalSeconds;
        _metrics[GenerationMetrics.TrainingEpochs] = _metrics.GetValueOrDefault(GenerationMetrics.TrainingEpochs) + trained.Trade.Epochs;
        return TrainedVectors.Of(trained, corpus.Vocabulary, options.VectorSource, options.SimilarityShrinkage);
    }

    private TrainedEmbeddings Train(TrainingCorpus corpus, TrainingOptions training, WarmStart? warmStart, IProgress<TrainingProgress>? progress)
    {
        run.Holds(corpus.SizeBytes + _candidateBytes + EmbeddingTrainer.MatrixBytes(corpus.Vocabulary.Count, training));
        // The trainer sets the niceness of its own threads, and would undo what they inherit.
        return EmbeddingTrainer.Train(corpus, training with { Niceness = Math.Max(training.Niceness, options.TrainingNiceness) }, warmStart, progress, stopping);
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
    private GenerationVectors Finish(GenerationVectors candidate, HeldOutSlice slice, WarmBase? warm, LogOffset through)
    {
        using (Beside(candidate))
        {
            return Phase(TrainingPhase.Finish, progress =>
            {
                // Who was active after the cut did last what the candidate has not seen.
                if (Blending.After(slice.Questions.Cut.TimeMs) is { } questions) Blending.Learn(candidate, questions, through);
                var corpus = Read(warm, through, long.MaxValue, progress);
                // The rows of a tree's W2 are no items: such a training cannot go on from its vectors.
                return candidate.Output is not null
                    ? Learn(corpus, Finishing(candidate.Input.Dimension), candidate.ToWarmStart(), progress)
                    : Learn(corpus, options.Training, null, progress);
            });
        }
    }

    /// <summary>Counts a candidate to what the training holds for as long as it is kept, then frees it.</summary>
    private CandidateLease Beside(GenerationVectors candidate)
    {
        _candidateBytes = candidate.SizeBytes;
        return new CandidateLease(this, candidate);
    }

    private TrainingOptions Finishing(int dimension) => options.Training with
    {
        Dimension = dimension,
        Epochs = Math.Max(1, (int)Math.Round(options.Training.Epochs * options.Promotion.FinishingEpochs)),
        LearningRate = Math.Max(LeastLearningRate, options.Training.LearningRate * FinishingLearningRate),
        MaximumSeconds = options.Training.MaximumSeconds * options.Promotion.FinishingEpochs,
    };

    private GenerationInfo Publish(GenerationVectors vectors, LogOffset trainedOffset, PromotionReport report)
    {
        var origin = new GenerationOrigin(trainedOffset, time.GetUtcNow(), _metrics, OptionText.ReadTrained(options), report);
        run.Holds(vectors.SizeBytes);
        var parts = Phase(TrainingPhase.Index, progress => new GenerationBuilder(model, options).Build(vectors, origin, progress.Report, stopping));
        run.Holds(vectors.SizeBytes + parts.Similar.SizeBytes + (parts.Next?.SizeBytes ?? 0));
        return Phase(TrainingPhase.Write, progress => publisher.Publish(parts, progress.Report, stopping));
    }

    private readonly struct CandidateLease(GenerationTrainer trainer, GenerationVectors candidate) : IDisposable
    {
        public void Dispose()
        {
            candidate.Dispose();
            trainer._candidateBytes = 0;
        }
    }

    /// <summary>What a warm start goes on from; the generation leased for as long.</summary>
    private sealed record WarmBase(WarmRestart Restart, Generation Generation);

    private T Phase<T>(TrainingPhase phase, Func<PhaseProgress, T> work)
    {
        // A phase owns what it is given and frees it when it is stopped, so that nothing is lost between two of them.
        var progress = new PhaseProgress(run, phase, time);
        progress.Report(0);
        var result = LowPriorityThread.Run($"{phase} of {model}", options.TrainingNiceness, () => work(progress));
        run.EndPhase(progress.End());
        // What a phase worked with is large, and dead now: the next one is to take its room, not more. In the background: recalls go on.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);
        return result;
    }
}

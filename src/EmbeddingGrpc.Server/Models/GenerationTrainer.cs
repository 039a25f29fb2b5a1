using System.Runtime.CompilerServices;
using EmbeddingGrpc.EventLog;
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
/// <para>
/// What a step works with is large. Each has a method that nothing is inlined from: a frame that is still there would keep its sessions from being
/// collected, of a method that runs once a training and is so never optimized, to its very end.
/// </para>
/// </remarks>
internal sealed class GenerationTrainer
{
    private readonly string _model;
    private readonly ModelOptions _options;
    private readonly ModelEvents _events;
    private readonly GenerationStore _generations;
    private readonly GenerationPublisher _publisher;
    private readonly TimeProvider _time;
    private readonly TrainingRun _run;
    private readonly CancellationToken _stopping;
    private readonly TrainingPhases _phases;
    private readonly VectorLearner _learner;
    private readonly BlendTraining _blending;
    private readonly Dictionary<string, double> _metrics = new(StringComparer.Ordinal);

    public GenerationTrainer(
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
        (_model, _options, _events, _generations, _publisher) = (model, options, events, generations, publisher);
        (_time, _run, _stopping) = (time, run, stopping);
        _phases = new TrainingPhases(model, options.TrainingNiceness, run, time);
        _learner = new VectorLearner(model, options, events.Log, generations, time, run, _metrics, stopping);
        _blending = new BlendTraining(options, recall, events, time, _metrics, stopping);
    }

    /// <summary>Trains on what is durable before an offset.</summary>
    /// <returns>The generation, which serves if its <see cref="GenerationInfo.Promotion"/> says so.</returns>
    public GenerationInfo Train(LogOffset through)
    {
        if (!_generations.TryLease(out var lease)) return TrainUnopposed(null, through, "The model had no generation.");
        using (lease)
        {
            var serving = lease.Generation;
            var warm = _run.IsFull ? null : WarmRestart.For(_options, serving.Info);
            if (!_options.Promotion.Enabled) return TrainUnopposed(warm is null ? null : new WarmBase(warm, serving), through, "Promotion.Enabled is off.");
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
        if (warm is not null) _blending.Keep(warm.Generation.Info);
        var (questions, vectors) = LearnBesideQuestions(warm, through);
        if (questions is not null) vectors = LearnBlend(vectors, questions, through);
        return Publish(vectors, through, PromotionReport.Unopposed(reason));
    }

    /// <summary>Learns everything but what the sources of recall are weighed by.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private (BlendQuestions? Questions, GenerationVectors Vectors) LearnBesideQuestions(WarmBase? warm, LogOffset through)
    {
        var (questions, corpus) = _phases.Run(TrainingPhase.Read, progress => ReadBesideQuestions(warm, through, progress));
        return (questions, _phases.Run(TrainingPhase.Train, progress => _learner.Learn(corpus, warm, progress)));
    }

    private (BlendQuestions? Questions, TrainingCorpus Corpus) ReadBesideQuestions(WarmBase? warm, LogOffset through, PhaseProgress progress)
    {
        if (warm is not null || _blending.ToHide(through) is not { } questions) return (null, _learner.Read(warm, through, long.MaxValue, progress));
        try
        {
            return (questions, _learner.Read(warm, through, long.MaxValue, progress, questions));
        }
        catch (NothingToTrainException)
        {
            return (null, _learner.Read(warm, through, long.MaxValue, progress));
        }
    }

    /// <summary>Weighs the sources of recall, then learns what was left out for it. Frees the candidate.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private GenerationVectors LearnBlend(GenerationVectors candidate, BlendQuestions questions, LogOffset through) => Finish(candidate, progress =>
    {
        Blend(candidate, questions, through);
        return _learner.LearnMore(candidate, _blending.LeftOut(questions, candidate.Vocabulary), progress);
    });

    /// <summary>Trains a candidate and compares it.</summary>
    /// <returns>Null for a warm one that is worse than what serves: then nothing was published.</returns>
    private GenerationInfo? TrainAgainst(WarmBase? warm, Generation serving, LogOffset through)
    {
        var (slice, vectors, report) = LearnAndJudge(warm, serving, through);
        if (slice is null || report.Evaluation is null) return Publish(vectors, through, report);
        if (warm is not null && report.Verdict == PromotionVerdict.Rejected)
        {
            vectors.Dispose();
            return null;
        }

        _metrics[GenerationMetrics.EvaluationRecall] = report.Evaluation.Recommenders[0].All.Recall.Value;
        _metrics[GenerationMetrics.EvaluationServingRecall] = report.Evaluation.Recommenders[1].All.Recall.Value;
        return report.Serves ? Publish(LearnTheRest(vectors, slice, warm, through), through, report) : Publish(vectors, slice.FirstOffset, report);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (HeldOutSlice? Slice, GenerationVectors Vectors, PromotionReport Report) LearnAndJudge(WarmBase? warm, Generation serving, LogOffset through)
    {
        var gate = new PromotionGate(_options);
        var (slice, corpus) = _phases.Run(TrainingPhase.Read, progress => ReadAround(warm, serving.Info, through, progress));
        var vectors = _phases.Run(TrainingPhase.Train, progress => _learner.Learn(corpus, warm, progress));
        var queries = slice?.Questions.Queries.Count ?? 0;
        _blending.Keep(serving.Info);
        if (slice is null || queries < _options.Promotion.MinimumQueries) return (slice, vectors, gate.Inconclusive(queries, serving.Info));
        try
        {
            return (slice, vectors, _phases.Run(TrainingPhase.Evaluate, progress => Judge(gate, slice, corpus, vectors, serving, through, progress)));
        }
        catch
        {
            vectors.Dispose();
            throw;
        }
    }

    private PromotionReport Judge(
        PromotionGate gate, HeldOutSlice slice, TrainingCorpus corpus, GenerationVectors vectors, Generation serving, LogOffset through, PhaseProgress progress)
    {
        var folded = FoldInReplay.Run(serving, _events.Log, through, slice.Questions.Cut.TimeMs, _events.State.Items, _events.State.Catalog, _options, _stopping);
        // A tree's W2 rows are no items: the sources have nothing to add up. And a candidate that diverged is found worse without them.
        if (_options.Training.Objective.IsHierarchical() || !serving.Info.PredictsNext || !AskedVectors.CanBeAsked(vectors))
            return gate.Judge(slice, corpus, vectors, serving, folded, [], progress.Report, _stopping);
        using var candidateAsked = new AskedVectors(vectors, serving.Metrics, _events.State.Items);
        var tables = new GenerationVectors(serving.Vocabulary, serving.Input, serving.Output, serving.HasSimilarityTable ? serving.Similarity : null);
        using var servingAsked = new AskedVectors(tables, serving.Metrics, _events.State.Items);
        var blended = _blending.Recommenders(candidateAsked, servingAsked, slice, through);
        return gate.Judge(slice, corpus, vectors, serving, folded, blended, progress.Report, _stopping);
    }

    /// <summary>Reads what is before a cut that leaves enough to ask for, or everything where there is none.</summary>
    private (HeldOutSlice? Slice, TrainingCorpus Corpus) ReadAround(WarmBase? warm, GenerationInfo serving, LogOffset through, PhaseProgress progress)
    {
        var slice = HeldOutSlice.Find(_events.Log, through, serving, _options, _stopping);
        if (slice is not null && slice.Questions.Queries.Count >= _options.Promotion.MinimumQueries)
        {
            try
            {
                return (slice, _learner.Read(warm, through, slice.Questions.Cut.TimeMs, progress));
            }
            catch (NothingToTrainException)
            {
                // Everything that can be learned from is after the cut: nothing to compare.
                slice = null;
            }
        }

        return (slice, _learner.Read(warm, through, long.MaxValue, progress));
    }

    /// <summary>Learns what the candidate was compared by, with all that it knows already. Frees the candidate.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private GenerationVectors LearnTheRest(GenerationVectors candidate, HeldOutSlice slice, WarmBase? warm, LogOffset through) => Finish(candidate, progress =>
    {
        // Who was active after the cut did last what the candidate has not seen.
        if (_blending.After(slice.Questions.Cut.TimeMs) is { } questions) Blend(candidate, questions, through);
        return _learner.GoOn(candidate, _learner.Read(warm, through, long.MaxValue, progress), progress);
    });

    private void Blend(GenerationVectors candidate, BlendQuestions questions, LogOffset through)
    {
        _blending.Learn(candidate, questions, through);
        // A graph of its own, and who asked nothing more of it is gone.
        UnusedMemory.LetGo();
    }

    private GenerationVectors Finish(GenerationVectors candidate, Func<PhaseProgress, GenerationVectors> work)
    {
        _learner.Keeps(candidate);
        try
        {
            return _phases.Run(TrainingPhase.Finish, work);
        }
        finally
        {
            _learner.Free(candidate);
        }
    }

    private GenerationInfo Publish(GenerationVectors vectors, LogOffset trainedOffset, PromotionReport report)
    {
        var origin = new GenerationOrigin(trainedOffset, _time.GetUtcNow(), _metrics, OptionText.ReadTrained(_options), report);
        _run.Holds(vectors.SizeBytes);
        var parts = _phases.Run(TrainingPhase.Index, progress => new GenerationBuilder(_model, _options).Build(vectors, origin, progress.Report, _stopping));
        _run.Holds(vectors.SizeBytes + parts.Similar.SizeBytes + (parts.Next?.SizeBytes ?? 0));
        return _publisher.Publish(parts, _phases, _stopping);
    }
}

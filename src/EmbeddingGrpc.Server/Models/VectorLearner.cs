using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>The part of a training that makes vectors of the log: fresh ones, or such that go on from others. One thread at a time.</summary>
/// <param name="model">The model's name.</param>
/// <param name="options">The model's.</param>
/// <param name="log">Its log.</param>
/// <param name="generations">What serves, onto which fresh vectors are turned.</param>
/// <param name="time">The clock.</param>
/// <param name="run">Told what memory is held.</param>
/// <param name="metrics">Receives what was measured.</param>
/// <param name="stopping">Stops it.</param>
internal sealed class VectorLearner(
    string model, ModelOptions options, InteractionLog log, GenerationStore generations, TimeProvider time, TrainingRun run, Dictionary<string, double> metrics,
    CancellationToken stopping)
{
    // What is learned last changes little of what is known: from half the learning rate down.
    private const double FinishingLearningRate = 0.5;

    // What the trainer takes.
    private const double LeastLearningRate = 1e-6;

    // Of vectors that are kept while what goes on from them is made.
    private long _keptBytes;

    /// <summary>Reads sessions.</summary>
    /// <param name="warm">Chooses them by what is recent; null takes all.</param>
    /// <param name="through">Where to stop.</param>
    /// <param name="beforeMs">Events at or after this time are left out.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="hidden">Counted, but in no session.</param>
    /// <exception cref="NothingToTrainException">No session of two items comes out.</exception>
    public TrainingCorpus Read(WarmBase? warm, LogOffset through, long beforeMs, PhaseProgress progress, BlendQuestions? hidden = null)
    {
        var started = time.GetTimestamp();
        var corpus = CorpusReader.Read(model, log, through, options, progress.Report, stopping, warm?.Restart, beforeMs, hidden);
        run.Holds(corpus.SizeBytes + _keptBytes);
        metrics[GenerationMetrics.ReadSeconds] = time.GetElapsedTime(started).TotalSeconds;
        metrics[GenerationMetrics.TrainingInteractions] = corpus.WordCount;
        metrics[GenerationMetrics.TrainingSessions] = corpus.SessionCount;
        return corpus;
    }

    /// <summary>Learns sessions: anew, or from what serves on.</summary>
    public GenerationVectors Learn(TrainingCorpus corpus, WarmBase? warm, PhaseProgress progress)
    {
        metrics[GenerationMetrics.WarmStarts] = warm?.Restart.Number ?? 0;
        return warm is null
            ? Learn(corpus, options.Training, null, progress)
            : Learn(
                corpus,
                warm.Restart.Training,
                new WarmStart(warm.Generation.Vocabulary, warm.Generation.Input, warm.Generation.Output) { IsSmoothed = warm.Restart.StartsSmoothed },
                progress);
    }

    /// <summary>Learns sessions with all that vectors know already, which are freed as soon as they are copied. Those of a tree, whose W2 rows are no items, cannot be gone on from.</summary>
    public GenerationVectors GoOn(GenerationVectors from, TrainingCorpus corpus, PhaseProgress progress)
    {
        if (from.Output is not null) return Learn(corpus, Finishing(from.Input.Dimension), StartOf(from), progress);
        Free(from);
        return Learn(corpus, options.Training, null, progress);
    }

    /// <summary>Learns a few sessions more, of the vectors' own items. The vectors are freed as soon as they are copied.</summary>
    public GenerationVectors LearnMore(GenerationVectors from, TrainingCorpus corpus, PhaseProgress progress)
    {
        // So few sessions say nothing of the other rows: they are neither to be forgotten nor smoothed again, and nothing is held out of them.
        var training = Finishing(from.Input.Dimension) with
        {
            WeightDecay = 0,
            Smoothing = 0,
            EarlyStopping = false,
        };
        var trained = Train(corpus, training, StartOf(from), new InlineProgress<TrainingProgress>(progress.Report));
        metrics[GenerationMetrics.TrainingSeconds] += trained.Elapsed.TotalSeconds;
        return TrainedVectors.Of(trained, from.Vocabulary, options.VectorSource, options.SimilarityShrinkage);
    }

    /// <summary>Counts vectors to what the training holds, until they are freed.</summary>
    public void Keeps(GenerationVectors vectors) => _keptBytes = vectors.SizeBytes;

    /// <summary>Frees vectors that it <see cref="Keeps"/>, or parts of them that were freed already.</summary>
    public void Free(GenerationVectors vectors)
    {
        vectors.Dispose();
        _keptBytes = 0;
    }

    private WarmStart StartOf(GenerationVectors from) => from.ToWarmStart() with { Copied = () => Free(from) };

    private GenerationVectors Learn(TrainingCorpus corpus, TrainingOptions training, WarmStart? warmStart, PhaseProgress progress)
    {
        var trained = Train(corpus, training, warmStart, new InlineProgress<TrainingProgress>(progress.Report));
        if (warmStart is null) Align(trained, corpus.Vocabulary);
        metrics[GenerationMetrics.TrainingWordsPerSecond] = trained.WordsPerSecond;
        metrics[GenerationMetrics.TrainingLoss] = trained.FinalLoss;
        metrics[GenerationMetrics.TrainingSmoothed] = trained.IsSmoothed ? 1 : 0;
        metrics[GenerationMetrics.TrainingSeconds] = metrics.GetValueOrDefault(GenerationMetrics.TrainingSeconds) + trained.Elapsed.TotalSeconds;
        metrics[GenerationMetrics.TrainingEpochs] = metrics.GetValueOrDefault(GenerationMetrics.TrainingEpochs) + trained.Trade.Epochs;
        return TrainedVectors.Of(trained, corpus.Vocabulary, options.VectorSource, options.SimilarityShrinkage);
    }

    private TrainedEmbeddings Train(TrainingCorpus corpus, TrainingOptions training, WarmStart? warmStart, IProgress<TrainingProgress> progress)
    {
        run.Holds(corpus.SizeBytes + _keptBytes + EmbeddingTrainer.MatrixBytes(corpus.Vocabulary.Count, training));
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
            metrics[GenerationMetrics.AlignedItems] = alignment.SharedItems;
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

    private TrainingOptions Finishing(int dimension) => options.Training with
    {
        Dimension = dimension,
        Epochs = Math.Max(1, (int)Math.Round(options.Training.Epochs * options.Promotion.FinishingEpochs)),
        LearningRate = Math.Max(LeastLearningRate, options.Training.LearningRate * FinishingLearningRate),
        MaximumSeconds = options.Training.MaximumSeconds * options.Promotion.FinishingEpochs,
    };
}

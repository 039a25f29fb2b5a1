using System.Diagnostics;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Trains item embeddings: skip-gram or continuous bag of words, with negative sampling, a hierarchical softmax or a full one, on several
/// threads. Rows race by design (Niu et al. 2011); only one-thread training is reproducible, bit for bit on the same instruction set.
/// </summary>
/// <remarks>
/// There is no user table to train: a user's vector is made of the items of the user's history when it is needed, at four bytes an item
/// kept and nothing at all while the user is away.
/// </remarks>
public static class EmbeddingTrainer
{
    /// <summary>Trains W1 and W2 on a corpus. The caller owns the result.</summary>
    /// <exception cref="ArgumentException">An option is out of its range or contradicts another; names it.</exception>
    /// <exception cref="InvalidOperationException">The corpus has no session of two items, or is too large for the objective.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the threads are joined and the matrices freed.</exception>
    public static TrainedEmbeddings Train(
        TrainingCorpus corpus, TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Train(corpus, options, warmStart: null, progress, cancellationToken);

    /// <summary>Trains W1 and W2 on a corpus, from where an earlier generation ended. The caller owns the result.</summary>
    /// <param name="corpus">The sessions.</param>
    /// <param name="options">How.</param>
    /// <param name="warmStart">The earlier generation, of the same dimension; null starts at random.</param>
    /// <param name="progress">Told about four times a second, on the calling thread.</param>
    /// <param name="cancellationToken">Checked between blocks.</param>
    /// <exception cref="ArgumentException">An option is out of its range or contradicts another or the warm start; names it.</exception>
    /// <exception cref="InvalidOperationException">The corpus has no session of two items, or is too large for the objective.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the threads are joined and the matrices freed.</exception>
    public static TrainedEmbeddings Train(
        TrainingCorpus corpus, TrainingOptions options, WarmStart? warmStart, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        options.ThrowIfInvalid();
        ThrowIfNothingToLearn(corpus);
        using var job = new TrainingJob(corpus, options, warmStart);
        if (options.MaximumSeconds == 0)
        {
            return job.Execute(TrainingPlan.Whole(options, isFresh: warmStart is null), progress, cancellationToken);
        }

        // Compiling counts, and would be taken for the speed of training.
        var preparing = Stopwatch.StartNew();
        Prepare(options);
        options = options with { MaximumSeconds = Math.Max(options.MaximumSeconds / 2, options.MaximumSeconds - preparing.Elapsed.TotalSeconds) };

        // A warm start's vectors cannot be shortened: the time is then kept by epochs alone.
        int minimumDimension = warmStart is null ? TrainingBudget.MinimumDimension : options.Dimension;
        var plan = TrainingBudget.Fit(options, minimumDimension, corpus.WordCount, job.SmoothedWords, job.Threads, (dimension, time) =>
        {
            using var probe = job.Execute(new TrainingPlan(options.Epochs, dimension, time, Smooths: false, Watches: false) { IsProbe = true }, progress: null, cancellationToken);
            return probe.WordsPerSecond;
        });
        return job.Execute(plan, progress, cancellationToken);
    }

    /// <summary>
    /// Compiles what a training with these options runs, by a tiny one. A tenth of a second that a training otherwise spends at its start, and that may be spent
    /// while its data is read.
    /// </summary>
    /// <exception cref="ArgumentException">An option is out of its range or contradicts another; names it.</exception>
    public static void Prepare(TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        for (int i = 0; i < 256; i++)
        {
            builder.Add($"{i % 8}", $"{(i * 7) % 24}", i);
        }

        var tiny = options with { Epochs = 1, Threads = 1, MaximumSeconds = 0, MinimumCount = 1, MaximumVocabulary = 0 };
        Train(builder.Build(tiny.MinimumCount), tiny).Dispose();
    }

    /// <summary>Memory of W1 and W2 together while they are trained, in bytes.</summary>
    /// <param name="items">Items of the vocabulary.</param>
    /// <param name="options">How they are trained; with a training time its dimension may be cut, and then it is less.</param>
    public static long MatrixBytes(int items, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        long inputs = TrainingJob.MapOf(items, options).Rows;
        long outputs = options.Objective.IsHierarchical() ? items - 1 : inputs;
        return (Math.Max(1, inputs) + Math.Max(1, outputs)) * EmbeddingMatrix.StrideOf(options.Dimension) * sizeof(float);
    }

    private static void ThrowIfNothingToLearn(TrainingCorpus corpus)
    {
        for (int session = 0; session < corpus.SessionCount; session++)
        {
            if (corpus.Session(session).Length > 1)
            {
                return;
            }
        }

        throw new InvalidOperationException(
            $"There is nothing to learn from: none of the corpus's {corpus.SessionCount} sessions has two items ({corpus.WordCount} interactions, {corpus.Vocabulary.Count} items).");
    }
}

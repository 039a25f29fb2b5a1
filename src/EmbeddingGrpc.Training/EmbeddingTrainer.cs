using System.Diagnostics;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Skip-gram with negative sampling (Mikolov et al. 2013) on several threads. Rows race by design (Niu et al. 2011); only one-thread
/// training is reproducible.
/// </summary>
public static class EmbeddingTrainer
{
    /// <summary>Trains W1 and W2 on a corpus. The caller owns the result.</summary>
    /// <exception cref="InvalidOperationException">The corpus has no session of two items.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the threads are joined and the matrices freed.</exception>
    public static TrainedEmbeddings Train(
        TrainingCorpus corpus, TrainingOptions options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        ThrowIfNothingToLearn(corpus);
        cancellationToken.ThrowIfCancellationRequested();

        var input = new EmbeddingMatrix(corpus.Vocabulary.Count, options.Dimension);
        var output = new EmbeddingMatrix(corpus.Vocabulary.Count, options.Dimension);
        try
        {
            Initialise(input, options);
            var clock = Stopwatch.StartNew();
            var noise = new NoiseSampler(NoiseSampler.PowerWeights(corpus.Vocabulary.Counts, options.NoiseExponent));
            var subsampler = new Subsampler(corpus.Vocabulary, options.Subsample);
            var run = new TrainingRun(corpus, options, progress, cancellationToken);
            var (words, loss) = run.Execute(() => new SkipGramWorker(corpus, options, noise, subsampler, input, output));
            return new TrainedEmbeddings(input, output, words, clock.Elapsed, loss);
        }
        catch
        {
            input.Dispose();
            output.Dispose();
            throw;
        }
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

    /// <summary>W1 uniform in ±1/dimension; W2 stays zero, so that the first steps move W1 alone by nothing and W2 by W1.</summary>
    private static void Initialise(EmbeddingMatrix input, TrainingOptions options)
    {
        float range = 1f / options.Dimension;
        var random = RandomSource.For(options.Seed, 1UL << 63);
        for (int row = 0; row < input.Rows; row++)
        {
            foreach (ref float value in input[new ItemOrdinal(row)])
            {
                value = ((2 * random.NextSingle()) - 1) * range;
            }
        }
    }
}

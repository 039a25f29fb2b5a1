using System.Diagnostics;
using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.IndexCare;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Makes a generation's indexes over vectors and measures them. The one place that knows the trainer and the index both.</summary>
internal sealed class GenerationBuilder(string model, ModelOptions options)
{
    /// <summary>Takes ownership of the vectors, builds their indexes and measures them against exact search: one over W2 only where there is one.</summary>
    /// <param name="vectors">Freed if this throws.</param>
    /// <param name="origin">Where they come from.</param>
    /// <param name="progress">Told the fraction done, 0..1.</param>
    /// <param name="cancellationToken">Stops the build.</param>
    /// <exception cref="TrainingDivergedException">A value is not finite.</exception>
    public GenerationParts Build(GenerationVectors vectors, GenerationOrigin origin, Action<double> progress, CancellationToken cancellationToken)
    {
        IVectorIndex? similar = null, next = null;
        try
        {
            if (!IsFinite(vectors.Input) || (vectors.Output is not null && !IsFinite(vectors.Output))) throw new TrainingDivergedException(model, options.Training.LearningRate);
            var started = Stopwatch.GetTimestamp();
            using var similarQueries = SampleQueries.ForSimilar(vectors.Similar, vectors.Similarity is not null && options.VectorSource == SimilarVectors.Space, SampleQueries.Most, shift: 0);
            var ofSimilar = vectors.Output is null ? 1 : 0.5;
            similar = IndexOf(vectors.Similar, similarQueries, SimilarityMetric.Cosine, done => progress(ofSimilar * done), cancellationToken);
            if (vectors.Output is { } output)
            {
                using var nextQueries = SampleQueries.ForNext(vectors.Input, SampleQueries.Most, shift: 0);
                next = IndexOf(output, nextQueries, SimilarityMetric.DotProduct, done => progress(ofSimilar + ((1 - ofSimilar) * done)), cancellationToken);
            }

            var metrics = new Dictionary<string, double>(origin.Metrics, StringComparer.Ordinal)
            {
                [GenerationMetrics.IndexBuildSeconds] = Stopwatch.GetElapsedTime(started).TotalSeconds,
                [GenerationMetrics.VectorBytes] = vectors.SizeBytes,
                [GenerationMetrics.IndexBytes] = similar.SizeBytes + (next?.SizeBytes ?? 0),
                [GenerationMetrics.VocabularyBytes] = vectors.Vocabulary.SizeBytes,
                [GenerationMetrics.SimilarRecallAt10] = IndexRecall.Measure(similar, vectors.Similar, vectors.Similar, cancellationToken),
            };
            if (next is not null) metrics[GenerationMetrics.NextRecallAt10] = IndexRecall.Measure(next, vectors.Output!, vectors.Input, cancellationToken);
            return new GenerationParts
            {
                CreateTime = origin.CreateTime,
                TrainedOffset = origin.TrainedOffset,
                Vocabulary = vectors.Vocabulary,
                Input = vectors.Input,
                Output = vectors.Output,
                Similarity = vectors.Similarity,
                Similar = similar,
                Next = next,
                Metrics = metrics,
                Options = origin.Options,
                Promotion = origin.Promotion,
            };
        }
        catch
        {
            similar?.Dispose();
            next?.Dispose();
            vectors.Dispose();
            throw;
        }
    }

    private IVectorIndex IndexOf(VectorTable vectors, VectorTable queries, SimilarityMetric metric, Action<double> progress, CancellationToken cancellationToken)
    {
        if (vectors.Rows < options.ExactSearchBelow) return new ExactIndex(vectors, metric);
        var index = HnswIndex.Build(vectors, metric, options.Index, new InlineProgress<int>(items => progress((double)items / vectors.Rows)), cancellationToken);
        try
        {
            // Stored with the generation: a search can then ask for a recall instead of an effort.
            index.Calibrate(queries, cancellationToken);
            return index;
        }
        catch
        {
            index.Dispose();
            throw;
        }
    }

    private static bool IsFinite(VectorTable vectors)
    {
        for (var row = 0; row < vectors.Rows; row++)
        {
            if (!TensorPrimitives.IsFiniteAll(vectors[new ItemOrdinal(row)])) return false;
        }

        return true;
    }
}

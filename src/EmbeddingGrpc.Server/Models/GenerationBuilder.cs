using System.Diagnostics;
using System.Numerics.Tensors;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Makes a generation's indexes over vectors and measures them. The one place that knows the trainer and the index both.</summary>
internal sealed class GenerationBuilder(string model, ModelOptions options)
{
    /// <summary>Takes ownership of the tables, builds both indexes and measures them against exact search.</summary>
    /// <param name="vocabulary">The items, in the order of the rows.</param>
    /// <param name="input">W1.</param>
    /// <param name="output">W2.</param>
    /// <param name="similarity">The space in which similar items are searched; null for W1 as it is.</param>
    /// <param name="trainedOffset">Log entries that the vectors were made of.</param>
    /// <param name="createTime">Now.</param>
    /// <param name="metrics">Metrics known so far.</param>
    /// <param name="progress">Told the fraction done, 0..1.</param>
    /// <param name="cancellationToken">Stops the build; the tables are freed.</param>
    /// <exception cref="TrainingDivergedException">A value is not finite.</exception>
    public GenerationParts Build(
        Vocabulary vocabulary,
        VectorTable input,
        VectorTable output,
        VectorTable? similarity,
        LogOffset trainedOffset,
        DateTimeOffset createTime,
        IReadOnlyDictionary<string, double> metrics,
        Action<double> progress,
        CancellationToken cancellationToken)
    {
        IVectorIndex? similar = null, next = null;
        try
        {
            if (!IsFinite(input) || !IsFinite(output)) throw new TrainingDivergedException(model, options.Training.LearningRate);
            var started = Stopwatch.GetTimestamp();
            similar = IndexOf(similarity ?? input, SimilarityMetric.Cosine, done => progress(0.5 * done), cancellationToken);
            next = IndexOf(output, SimilarityMetric.DotProduct, done => progress(0.5 + (0.5 * done)), cancellationToken);
            var all = new Dictionary<string, double>(metrics, StringComparer.Ordinal)
            {
                [GenerationMetrics.IndexBuildSeconds] = Stopwatch.GetElapsedTime(started).TotalSeconds,
                [GenerationMetrics.VectorBytes] = input.SizeBytes + output.SizeBytes + (similarity?.SizeBytes ?? 0),
                [GenerationMetrics.IndexBytes] = similar.SizeBytes + next.SizeBytes,
                [GenerationMetrics.VocabularyBytes] = vocabulary.SizeBytes,
                [GenerationMetrics.SimilarRecallAt10] = IndexRecall.Measure(similar, similarity ?? input, similarity ?? input, cancellationToken),
                [GenerationMetrics.NextRecallAt10] = IndexRecall.Measure(next, output, input, cancellationToken),
            };
            return new GenerationParts
            {
                CreateTime = createTime,
                TrainedOffset = trainedOffset,
                Vocabulary = vocabulary,
                Input = input,
                Output = output,
                Similarity = similarity,
                Similar = similar,
                Next = next,
                Metrics = all,
            };
        }
        catch
        {
            similar?.Dispose();
            next?.Dispose();
            input.Dispose();
            output.Dispose();
            similarity?.Dispose();
            throw;
        }
    }

    private IVectorIndex IndexOf(VectorTable vectors, SimilarityMetric metric, Action<double> progress, CancellationToken cancellationToken)
    {
        if (vectors.Rows < options.ExactSearchBelow) return new ExactIndex(vectors, metric);
        return HnswIndex.Build(vectors, metric, options.Index, new InlineProgress<int>(items => progress((double)items / vectors.Rows)), cancellationToken);
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

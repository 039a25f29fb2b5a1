using System.Numerics.Tensors;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Turns a query into a vector and searches one generation. Stateless; any number of threads.</summary>
/// <remarks>
/// An item or a vector asks the W1 index: what is near. A history or a session asks the W2 index with a mixture of W1 rows: what comes
/// next. The product of a W1 and a W2 row is what skip-gram training makes high for items that follow each other, and on next-item data
/// it finds clearly more than W1 against W1.
/// </remarks>
public sealed class RecallEngine(RecallOptions options)
{
    private readonly PullCollector _pulls = new(options);

    private delegate int ExactScan(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken);

    /// <summary>Answers one query.</summary>
    /// <param name="generation">Leased by the caller for as long as the result is read.</param>
    /// <param name="query">The question.</param>
    /// <param name="history">The user's stored history, oldest first; empty for other queries.</param>
    /// <param name="cancellationToken">Stops the search between blocks of work.</param>
    /// <returns><see cref="RecallQuery.K"/> candidates wherever as many exist that are not excluded.</returns>
    /// <exception cref="ItemNotInGenerationException">The generation knows none of the items that the query names.</exception>
    /// <exception cref="InvalidRecallQueryException">The vector has another dimension than the model.</exception>
    public RecallResult Search(Generation generation, RecallQuery query, ReadOnlySpan<HistoryEvent> history, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(generation);
        ArgumentNullException.ThrowIfNull(query);
        var scratch = RecallScratch.Current;
        scratch.Reset();
        foreach (var excluded in query.Excludes)
            if (generation.TryGetOrdinal(excluded, out var ordinal))
                scratch.Excluded.Add(ordinal);

        switch (query.Subject)
        {
            case ItemSubject item:
                return SimilarToItem(generation, item, query, scratch, cancellationToken);
            case VectorSubject vector:
                return SimilarToVector(generation, vector, query, scratch, cancellationToken);
            case SessionSubject session:
                _pulls.FromSession(generation, session, query, scratch);
                return Next(generation, query, scratch, cancellationToken);
            case UserSubject:
                _pulls.FromHistory(generation, history, query, scratch);
                return scratch.Pulls.Count > 0 ? Next(generation, query, scratch, cancellationToken) : MostPopular(generation, query, scratch);
            default:
                throw new ArgumentException($"A {query.Subject.GetType().Name} cannot be searched.", nameof(query));
        }
    }

    private static RecallResult SimilarToItem(
        Generation generation, ItemSubject subject, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        if (!generation.TryGetOrdinal(subject.ItemId, out var item))
        {
            throw new ItemNotInGenerationException(
                subject.ItemId, generation.IdText, $"Item '{subject.ItemId}' is not in generation {generation.IdText}.");
        }

        if (!query.IncludeQueryItems) scratch.Excluded.Add(item);
        var vector = scratch.Query(generation.Similarity.Dimension);
        generation.SimilarityQuery(item, vector);
        var found = Search(generation.Similar, generation.ScanSimilar, vector, query.K, scratch, cancellationToken);
        return new RecallResult(found, AnswerBasis.Embedding);
    }

    private static RecallResult SimilarToVector(
        Generation generation, VectorSubject subject, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        if (subject.Values.Length != generation.Similarity.Dimension)
        {
            throw new InvalidRecallQueryException(
                "vector.values", $"has {subject.Values.Length} values; generation {generation.IdText} has {generation.Similarity.Dimension} dimensions.");
        }

        var found = Search(generation.Similar, generation.ScanSimilar, subject.Values.Span, query.K, scratch, cancellationToken);
        return new RecallResult(found, AnswerBasis.Embedding);
    }

    private static RecallResult Next(Generation generation, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var vector = scratch.Query(generation.Input.Dimension);
        var total = 0f;
        foreach (var pull in scratch.Pulls)
        {
            // Rows at unit length: a W1 row grows with its item's count, and popular items would outvote the rest.
            var row = generation.InputOf(pull.Item);
            var length = TensorPrimitives.Norm(row);
            if (length > 0) TensorPrimitives.MultiplyAdd(row, pull.Weight / length, vector, vector);
            total += pull.Weight;
        }

        TensorPrimitives.Divide(vector, total, vector);
        var found = Search(generation.Next, generation.ScanNext, vector, query.K, scratch, cancellationToken);
        return new RecallResult(found, AnswerBasis.Embedding);
    }

    private static RecallResult MostPopular(Generation generation, RecallQuery query, RecallScratch scratch)
    {
        // Ordinals fall with the count, so popularity needs no index. The score is the item's share of all interactions.
        var found = scratch.Neighbors(query.K);
        var count = 0;
        var total = (float)generation.Vocabulary.TotalCount;
        for (var ordinal = 0; ordinal < generation.Vocabulary.Count && count < found.Length; ordinal++)
        {
            var item = new ItemOrdinal(ordinal);
            if (!scratch.Excluded.Contains(item)) found[count++] = new Neighbor(item, generation.Vocabulary.CountOf(item) / total);
        }

        return new RecallResult(found[..count], AnswerBasis.Popular);
    }

    private static Span<Neighbor> Search(
        IVectorIndex index, ExactScan scan, ReadOnlySpan<float> query, int k, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var results = scratch.Neighbors(k);
        var parameters = new SearchParameters(k, Filter: scratch.Excluded.AsFilter);
        var found = index.Search(query, parameters, results, cancellationToken);
        if (found < Math.Min(k, index.Count - scratch.Excluded.Count))
        {
            // The walk ended in a region that is excluded for the most part. Rare, and worth a scan: an exclusion never costs an answer.
            found = scan(query, parameters, results, cancellationToken);
        }

        return results[..found];
    }
}

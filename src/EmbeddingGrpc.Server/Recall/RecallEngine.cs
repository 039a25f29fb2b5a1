using System.Runtime.InteropServices;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Recall.Interests;
using EmbeddingGrpc.Server.Recall.Users;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Answers queries from one generation and the live graph beside it. Stateless; any number of threads.</summary>
/// <remarks>
/// An item or a vector asks what is near in the similarity space. A history or a session asks what comes next: the W2 index with a mixture of
/// W1 rows (the product of a W1 and a W2 row is what skip-gram training makes high for items that follow each other, and on next-item data it
/// finds clearly more than W1 against W1), blended with the live graph.
/// </remarks>
public sealed class RecallEngine(RecallOptions options, TimeProvider? time = null)
{
    private readonly PullCollector _pulls = new(options);
    private readonly InterestSearch _interests = new(new BlendedSearch(options.Blend, new NeighborItems(options)));

    /// <summary>Answers one query.</summary>
    /// <param name="space">What is searched; the generation leased by the caller for as long as the result is read.</param>
    /// <param name="query">The question.</param>
    /// <param name="history">The stored history of <see cref="RecallSubject.HistoryOf"/>, oldest first; empty where there is none.</param>
    /// <param name="cancellationToken">Stops the search between blocks of work.</param>
    /// <returns><see cref="RecallQuery.K"/> candidates wherever as many exist that are not excluded.</returns>
    /// <exception cref="ItemNotInGenerationException">The generation knows none of the items that the query names.</exception>
    /// <exception cref="InvalidRecallQueryException">The vector has another dimension than the model.</exception>
    public RecallResult Search(in RecallSpace space, RecallQuery query, ReadOnlySpan<HistoryEvent> history, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var scratch = RecallScratch.Current;
        scratch.Reset();
        if (space.Catalog is { } catalog) scratch.Excluded.Rule = AnswerRule.Of(space.Generation, catalog, query.Filter);
        for (var i = 0; i < query.Excludes.Count; i++)
            if (space.TryFind(query.Excludes[i], out var excluded, out _))
                scratch.Excluded.Add(excluded);

        RefuseNextWithoutW2(space, query);
        switch (query.Subject)
        {
            case ItemSubject item:
                return SimilarToItem(space, item, query, scratch, cancellationToken);
            case VectorSubject vector:
                return SimilarToVector(space, vector, query, scratch, cancellationToken);
            case SessionSubject { UserId: not null } session:
                _pulls.FromSessionAndHistory(space, session, history, query, scratch);
                return Answer(Next(space, query, scratch, cancellationToken) ?? AnswerBasis.Popular, query, scratch);
            case SessionSubject session:
                _pulls.FromSession(space, session, query, scratch);
                return Next(space, query, scratch, cancellationToken) is { } basis ? Answer(basis, query, scratch) : throw NotFound(space, session);
            case UserSubject:
                _pulls.FromHistory(space, history, query, scratch);
                return Answer(Next(space, query, scratch, cancellationToken) ?? AnswerBasis.Popular, query, scratch);
            default:
                throw new ArgumentException($"A {query.Subject.GetType().Name} cannot be searched.", nameof(query));
        }
    }

    /// <summary>The graph and what is popular still answer; a question to the embeddings alone has no answer, and must not get that to another.</summary>
    private static void RefuseNextWithoutW2(in RecallSpace space, RecallQuery query)
    {
        if (space.Generation.Info.PredictsNext || query.Subject is not (UserSubject or SessionSubject) || query.Sources != RecallSources.Embedding) return;
        throw new InvalidRecallQueryException(
            "sources",
            $"asks the embeddings alone what comes next, which needs output vectors (W2) of items; generation {space.Generation.IdText} was trained with a "
            + "hierarchical softmax, whose W2 belongs to tree nodes. Ask the graph too, recall by item, or train with negative sampling.");
    }

    /// <summary>What counts as popular in answers of this engine.</summary>
    public RecentPopularity PopularityOf(ItemCounters counters) => new(counters, options.InteractionWeights.Of, time ?? TimeProvider.System);

    private static RecallResult SimilarToItem(
        in RecallSpace space, ItemSubject subject, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var generation = space.Generation;
        if (!generation.TryGetOrdinal(subject.ItemId, out var item))
        {
            throw new ItemNotInGenerationException(
                subject.ItemId, generation.IdText, $"Item '{subject.ItemId}' is not in generation {generation.IdText}.");
        }

        if (space.Catalog?.IsDeleted(subject.ItemId) == true)
            throw new ItemNotInGenerationException(subject.ItemId, generation.IdText, $"Item '{subject.ItemId}' was deleted.");

        if (!query.IncludeQueryItems) scratch.Excluded.Add(CandidateId.Of(item));
        var vector = scratch.Query(generation.Similarity.Dimension);
        generation.SimilarityQuery(item, vector);
        return Nearest(generation, vector, query, scratch, cancellationToken);
    }

    private static RecallResult SimilarToVector(
        in RecallSpace space, VectorSubject subject, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var generation = space.Generation;
        if (subject.Values.Length != generation.Similarity.Dimension)
        {
            throw new InvalidRecallQueryException(
                "vector.values", $"has {subject.Values.Length} values; generation {generation.IdText} has {generation.Similarity.Dimension} dimensions.");
        }

        return Nearest(generation, subject.Values.Span, query, scratch, cancellationToken);
    }

    private static RecallResult Nearest(
        Generation generation, ReadOnlySpan<float> vector, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var candidates = scratch.Candidates;
        foreach (var neighbor in IndexSearch.Run(generation.Similar, generation.ScanSimilar, vector, query.K, query.TargetRecall, scratch, cancellationToken))
            candidates.Add(new RecallCandidate(CandidateId.Of(neighbor.Item), neighbor.Score, RecallSources.Embedding));
        if (query.ColdPlaces == 0) return Answer(AnswerBasis.Embedding, query, scratch);

        foreach (var candidate in candidates) scratch.Taken.Add(candidate.Item);
        foreach (var neighbor in ColdPlaces.Search(generation.SearchColdSimilar, vector, query, scratch, cancellationToken))
            if (scratch.Taken.Add(CandidateId.Of(neighbor.Item)))
                candidates.Add(new RecallCandidate(CandidateId.Of(neighbor.Item), neighbor.Score, RecallSources.Embedding));
        candidates.Sort(static (left, right) => right.Score.CompareTo(left.Score));
        ColdPlaces.Cut(candidates, query, generation);
        return Answer(AnswerBasis.Embedding, query, scratch);
    }

    /// <summary>Blends what the sources know of the pulls; where that is too little, the fallbacks follow it.</summary>
    /// <returns>What the answer begins with; null where no source knows the pulls of a session that has nothing else to be answered by.</returns>
    private AnswerBasis? Next(in RecallSpace space, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var basis = scratch.Pulls.Count > 0 ? _interests.Run(space, query, query.Interests ?? options.Interests, scratch, cancellationToken) : null;
        var asksPulls = (query.Sources & (RecallSources.Embedding | RecallSources.Graph | RecallSources.SimilarUsers)) != 0;
        if (basis is null && query.Subject is SessionSubject { UserId: null } && asksPulls) return null;
        // What the pulls led to may all be left out.
        if (scratch.Candidates.Count == 0) basis = null;
        Fallbacks.Fill(space, query, scratch, cancellationToken);
        return basis ?? (scratch.Candidates is [{ Sources: RecallSources.Catalog }, ..] ? AnswerBasis.Catalog : AnswerBasis.Popular);
    }

    private static RecallResult Answer(AnswerBasis basis, RecallQuery query, RecallScratch scratch)
    {
        var candidates = CollectionsMarshal.AsSpan(scratch.Candidates);
        // Popular items were added after the scores were explained; nothing of the query brought them.
        if (!scratch.Contributions.IsEmpty) scratch.ExtendContributions(candidates.Length * scratch.Pulls.Count);
        if (query.MinimumScore is { } minimum)
        {
            var good = candidates.Length;
            while (good > 0 && !(candidates[good - 1].Score >= minimum)) good--;
            candidates = candidates[..good];
        }

        if (scratch.Contributions.IsEmpty) return new RecallResult(candidates, basis);
        return new RecallResult(candidates, basis, CollectionsMarshal.AsSpan(scratch.Pulls), scratch.Contributions);
    }

    private static ItemNotInGenerationException NotFound(in RecallSpace space, SessionSubject session)
    {
        var newest = session.Items[^1].ItemId;
        return new ItemNotInGenerationException(
            newest,
            space.Generation.IdText,
            $"Generation {space.Generation.IdText} and the item graph know none of the session's {session.Items.Count} items (the newest is '{newest}').");
    }
}

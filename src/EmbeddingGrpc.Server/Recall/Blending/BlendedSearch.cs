using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Graph;
using EmbeddingGrpc.Server.Recall.Users;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// Finds what comes after the items of a history or a session: the nearest of the embeddings and what the live graph reaches, each scored by
/// all that speaks for it (<see cref="BlendSignals"/>), added up with the generation's weights. Stateless; works in a thread's scratch.
/// </summary>
internal sealed class BlendedSearch(BlendOptions options, NeighborItems? neighbors = null)
{
    private const int RowsAhead = 6;

    private readonly BlendExplanation _explanation = new(options);

    // Of the generation that was asked last, which is nearly always the one that is asked now.
    private WeightsOfGeneration? _latest;

    /// <summary>Fills the scratch's candidates, best first, from its pulls.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="query">Says how many, from which sources, and whether to explain.</param>
    /// <param name="scratch">Pulls and exclusions in, candidates out.</param>
    /// <param name="cancellationToken">Checked between the sources.</param>
    /// <returns>What made the answer; null where no source knows the pulls.</returns>
    public AnswerBasis? Run(in RecallSpace space, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var scorer = Gather(space, query, WeightsOf(space.Generation), scratch, cancellationToken);
        var embeds = scorer.Scale is not null;
        if (scratch.Candidates.Count == 0)
        {
            if (embeds) return AnswerBasis.Embedding;
            // Nobody is like this user, which is not the same as that nobody knows the items.
            return query.Sources.HasFlag(RecallSources.SimilarUsers) && scratch.Pulls.Exists(static pull => pull.Item.IsInGeneration) ? AnswerBasis.SimilarUsers : null;
        }

        scratch.Candidates.Sort(static (left, right) => right.Score.CompareTo(left.Score));
        ColdPlaces.Cut(scratch.Candidates, query, space.Generation);
        if (query.Explain) _explanation.Fill(space, query, scratch, scorer);
        if (embeds) return AnswerBasis.Embedding;
        return scratch.Candidates.Exists(static candidate => candidate.Sources.HasFlag(RecallSources.Graph)) ? AnswerBasis.Graph : AnswerBasis.SimilarUsers;
    }

    /// <summary>Fills the scratch's candidates, in no order, with what the sources find.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="query">Says how many, and from which sources.</param>
    /// <param name="weights">What the signals count.</param>
    /// <param name="scratch">Pulls and exclusions in, candidates out.</param>
    /// <param name="cancellationToken">Checked between the sources.</param>
    public BlendScorer Gather(in RecallSpace space, RecallQuery query, BlendWeights weights, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var embeds = space.Generation.Info.PredictsNext && query.Sources.HasFlag(RecallSources.Embedding) && Mix(space.Generation, weights, scratch);
        weights = Fitting(weights, embeds, query.Sources);
        if ((query.Sources & RecallSources.Popular) == 0) weights = weights with { Popularity = 0 };
        var reaches = query.Sources.HasFlag(RecallSources.Graph) && weights.HasGraph && Walk(space.Graph, weights, scratch);
        cancellationToken.ThrowIfCancellationRequested();

        var scorer = new BlendScorer(space, weights, embeds, reaches, scratch);
        if (reaches) AddGraph(space, query, scratch, scorer);
        if (embeds) AddNearest(space, query, scratch, scorer, cancellationToken);
        if (neighbors is not null && (query.Sources & RecallSources.SimilarUsers) != 0) AddSimilarUsers(space, query, scratch, scorer, cancellationToken);
        return scorer;
    }

    private BlendWeights WeightsOf(Generation generation)
    {
        if (Volatile.Read(ref _latest) is { } latest && ReferenceEquals(latest.Learned, generation.Blend)) return latest.Weights;
        var made = new WeightsOfGeneration(generation.Blend, options.WeightsFor(generation.Blend));
        Volatile.Write(ref _latest, made);
        return made.Weights;
    }

    /// <summary>A source that was found useless beside the other is the best there is without it.</summary>
    private static BlendWeights Fitting(BlendWeights weights, bool embeds, RecallSources sources)
    {
        var usual = BlendWeights.Default;
        if (!embeds && !weights.HasGraph) return weights with { Connections = usual.Connections, Steps = usual.Steps, Walks = usual.Walks };
        if (embeds && !weights.HasEmbedding && (sources & RecallSources.Graph) == 0) return weights with { Embedding = usual.Embedding };
        return weights;
    }

    /// <summary>The means of the pulls' rows at unit length, by weight.</summary>
    /// <returns>False where the generation has none of them.</returns>
    private static bool Mix(Generation generation, BlendWeights weights, RecallScratch scratch)
    {
        var vector = scratch.Query(generation.Input.Dimension);
        var likeness = scratch.Likeness(vector.Length);
        var total = 0f;
        foreach (var pull in scratch.Pulls)
        {
            if (!pull.Item.IsInGeneration) continue;
            // At unit length: a W1 row grows with its item's count, and popular items would outvote the rest.
            EmbeddingScale.AddUnit(generation.InputOf(pull.Item.Ordinal), pull.Weight, vector);
            if (weights.Similarity > 0) EmbeddingScale.AddUnit(generation.OutputOf(pull.Item.Ordinal), pull.Weight, likeness);
            total += pull.Weight;
        }

        if (!(total > 0)) return false;
        TensorPrimitives.Divide(vector, total, vector);
        TensorPrimitives.Divide(likeness, total, likeness);
        return true;
    }

    private bool Walk(ItemGraph graph, BlendWeights weights, RecallScratch scratch)
    {
        var reaches = false;
        foreach (var pull in scratch.Pulls)
            reaches |= pull.Key != Pull.NoKey && GraphWalk.StepFrom(graph, pull.Key, pull.Weight, scratch.Graph);
        if (!reaches || !(weights.Steps > 0 || weights.Walks > 0)) return reaches;
        GraphWalk.Arrive(graph, scratch.Graph);
        if (weights.Walks > 0) GraphWalk.StepOn(graph, options.WalkItems, options.WalkConnections, scratch.Graph);
        return true;
    }

    private void AddGraph(in RecallSpace space, RecallQuery query, RecallScratch scratch, in BlendScorer scorer)
    {
        var scores = scratch.Graph.Scores;
        var parts = scratch.Graph.Weights(scores.Count);
        scorer.GraphScores(parts, scratch.Graph.Signals(scores.Count));

        // More than are scored in the end, because some of the heaviest may be excluded: a query's items reach each other.
        var wanted = Math.Max(options.GraphCandidates, query.K) + Math.Min(scratch.Excluded.Count, scratch.Pulls.Count);
        var least = scratch.Graph.Threshold(parts, wanted);
        var found = scratch.Graph.Found;
        for (var place = 0; place < scores.Count; place++)
        {
            if (parts[place] < least || !(parts[place] > 0)) continue;
            var item = space.IdOf(scores.KeyAt(place));
            if (!scratch.Excluded.Contains(item)) found.Add((item, place));
        }

        for (var i = 0; i < Math.Min(RowsAhead, found.Count); i++) scorer.WillScore(found[i].Item, found[i].Place);
        for (var i = 0; i < found.Count; i++)
        {
            if (i + RowsAhead < found.Count) scorer.WillScore(found[i + RowsAhead].Item, found[i + RowsAhead].Place);
            var (item, place) = found[i];
            scratch.Taken.Add(item);
            Add(item, place, scorer.Scale is not null && item.IsInGeneration ? RecallSources.Embedding | RecallSources.Graph : RecallSources.Graph, scratch, scorer);
        }
    }

    private void AddNearest(in RecallSpace space, RecallQuery query, RecallScratch scratch, in BlendScorer scorer, CancellationToken cancellationToken)
    {
        var generation = space.Generation;
        var wanted = Math.Max(options.EmbeddingCandidates, query.K);
        var nearest = IndexSearch.Run(generation.Next, generation.ScanNext, scratch.LastQuery(generation.Input.Dimension), wanted, query.TargetRecall, scratch, cancellationToken);
        for (var i = 0; i < nearest.Length; i++)
        {
            if (i + RowsAhead < nearest.Length) scorer.WillScore(CandidateId.Of(nearest[i + RowsAhead].Item), place: -1);
            var item = CandidateId.Of(nearest[i].Item);
            if (!scratch.Taken.Contains(item)) Add(item, place: -1, RecallSources.Embedding, scratch, scorer);
        }

        if (query.ColdPlaces == 0) return;
        foreach (var candidate in scratch.Candidates) scratch.Taken.Add(candidate.Item);
        foreach (var neighbor in ColdPlaces.Search(generation.SearchColdNext, scratch.LastQuery(generation.Input.Dimension), query, scratch, cancellationToken))
        {
            var item = CandidateId.Of(neighbor.Item);
            if (scratch.Taken.Add(item)) Add(item, place: -1, RecallSources.Embedding, scratch, scorer);
        }
    }

    /// <summary>Adds to what is there the part of similar users, and what only they know of: scored by all else that speaks for it, like the rest.</summary>
    private void AddSimilarUsers(in RecallSpace space, RecallQuery query, RecallScratch scratch, in BlendScorer scorer, CancellationToken cancellationToken)
    {
        neighbors!.Find(space, query.Subject.HistoryOf, scratch, cancellationToken);
        var items = scratch.UserItems;
        if (items.Count == 0) return;
        var strongest = items.Values.Max();
        // As the graph's signals are: the root of the share in the strongest, which needs no calibration.
        var weight = neighbors.Weight;
        float Part(float strength) => (float)(weight * Math.Sqrt(strength / strongest));
        foreach (ref var candidate in CollectionsMarshal.AsSpan(scratch.Candidates))
            if (items.Remove(candidate.Item, out var strength))
                candidate = new RecallCandidate(candidate.Item, candidate.Score + Part(strength), candidate.Sources | RecallSources.SimilarUsers);
        foreach (var (item, strength) in items)
        {
            var sources = scorer.Scale is not null && item.IsInGeneration ? RecallSources.Embedding | RecallSources.SimilarUsers : RecallSources.SimilarUsers;
            var score = scorer.Weights.Score(scorer.Of(item, place: -1)) + Part(strength);
            scratch.Candidates.Add(new RecallCandidate(item, score, sources));
        }
    }

    private static void Add(CandidateId item, int place, RecallSources sources, RecallScratch scratch, in BlendScorer scorer)
    {
        var signals = scorer.Of(item, place);
        scratch.Candidates.Add(new RecallCandidate(item, scorer.Weights.Score(signals), sources));
        scratch.Signals?.Add(signals);
    }

    private sealed record WeightsOfGeneration(BlendWeights? Learned, BlendWeights Weights);
}

using System.Numerics.Tensors;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>
/// Finds what comes after the items of a history or a session: the nearest of the embeddings and what the live graph reaches, each scored by
/// both, added up. Stateless; works in a thread's scratch.
/// </summary>
/// <remarks>
/// A score is <c>embedding · z + connections · √(direct / strongest) + walks · √(walked / strongest)</c>, where z is the product of the query
/// with the item's W2 row in deviations from the mean. The roots bring the heavy tails of counts near to the scale of z; what is relative to
/// the strongest needs no calibration from one model to another.
/// </remarks>
internal sealed class BlendedSearch(BlendOptions options)
{
    private readonly BlendExplanation _explanation = new(options);

    /// <summary>Fills the scratch's candidates, best first, from its pulls.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="query">Says how many, from which sources, and whether to explain.</param>
    /// <param name="scratch">Pulls and exclusions in, candidates out.</param>
    /// <param name="cancellationToken">Checked between the sources.</param>
    /// <returns>What made the answer; null where no source knows the pulls.</returns>
    public AnswerBasis? Run(in RecallSpace space, RecallQuery query, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var generation = space.Generation;
        var vector = scratch.Query(generation.Input.Dimension);
        var embeds = generation.Info.PredictsNext && query.Sources.HasFlag(RecallSources.Embedding) && Mix(generation, scratch.Pulls, vector);
        EmbeddingScale? scale = embeds ? EmbeddingScale.Estimate(generation.Output, vector, scratch.Mean(vector.Length)) : null;
        var reaches = query.Sources.HasFlag(RecallSources.Graph) && Walk(space.Graph, scratch);
        cancellationToken.ThrowIfCancellationRequested();

        if (reaches) AddGraph(space, query, scratch, vector, scale);
        if (scale is { } found) AddNearest(space, query, scratch, vector, found, cancellationToken);
        if (scratch.Candidates.Count == 0) return embeds ? AnswerBasis.Embedding : null;

        scratch.Candidates.Sort(static (left, right) => right.Score.CompareTo(left.Score));
        ColdPlaces.Cut(scratch.Candidates, query, generation);
        if (query.Explain) _explanation.Fill(space, scratch, scale);
        return embeds ? AnswerBasis.Embedding : AnswerBasis.Graph;
    }

    /// <summary>The mean of the pulls' rows at unit length, by weight.</summary>
    /// <returns>False where the generation has none of them.</returns>
    private static bool Mix(Generation generation, List<Pull> pulls, Span<float> vector)
    {
        var total = 0f;
        foreach (var pull in pulls)
        {
            if (!pull.Item.IsInGeneration) continue;
            // At unit length: a W1 row grows with its item's count, and popular items would outvote the rest.
            var row = generation.InputOf(pull.Item.Ordinal);
            var length = TensorPrimitives.Norm(row);
            if (length > 0) TensorPrimitives.MultiplyAdd(row, pull.Weight / length, vector, vector);
            total += pull.Weight;
        }

        if (total > 0) TensorPrimitives.Divide(vector, total, vector);
        return total > 0;
    }

    private bool Walk(ItemGraph graph, RecallScratch scratch)
    {
        if (options is { Connections: 0, Walks: 0 }) return false;
        var reaches = false;
        foreach (var pull in scratch.Pulls)
            reaches |= pull.Key != Pull.NoKey && GraphWalk.StepFrom(graph, pull.Key, pull.Weight, scratch.Graph);
        if (reaches && options.Walks > 0) GraphWalk.StepOn(graph, options.WalkItems, options.WalkConnections, scratch.Graph);
        return reaches;
    }

    private void AddGraph(in RecallSpace space, RecallQuery query, RecallScratch scratch, ReadOnlySpan<float> vector, EmbeddingScale? scale)
    {
        var scores = scratch.Graph.Scores;
        var parts = scratch.Graph.Weights(scores.Count);
        var (direct, walked) = (TensorPrimitives.Max<float>(scores.Direct), TensorPrimitives.Max<float>(scores.Walk));
        for (var place = 0; place < scores.Count; place++)
            parts[place] = Part(options.Connections, scores.Direct[place], direct) + Part(options.Walks, scores.Walk[place], walked);

        // More than are scored in the end, because some of the heaviest may be excluded: a query's items reach each other.
        var wanted = Math.Max(options.GraphCandidates, query.K) + Math.Min(scratch.Excluded.Count, scratch.Pulls.Count);
        var least = scratch.Graph.Threshold(parts, wanted);
        for (var place = 0; place < scores.Count; place++)
        {
            if (parts[place] < least || !(parts[place] > 0)) continue;
            var item = space.IdOf(scores.KeyAt(place));
            if (scratch.Excluded.Contains(item)) continue;
            scratch.Taken.Add(item);
            scratch.Candidates.Add(scale is { } found && item.IsInGeneration
                ? new RecallCandidate(
                    item, parts[place] + EmbeddingPart(found, vector, space.Generation.OutputOf(item.Ordinal)), RecallSources.Embedding | RecallSources.Graph)
                : new RecallCandidate(item, parts[place], RecallSources.Graph));
        }
    }

    private void AddNearest(
        in RecallSpace space, RecallQuery query, RecallScratch scratch, ReadOnlySpan<float> vector, EmbeddingScale scale, CancellationToken cancellationToken)
    {
        var generation = space.Generation;
        var count = Math.Max(options.EmbeddingCandidates, query.K);
        foreach (var neighbor in IndexSearch.Run(generation.Next, generation.ScanNext, vector, count, query.TargetRecall, scratch, cancellationToken))
        {
            var item = CandidateId.Of(neighbor.Item);
            if (!scratch.Taken.Contains(item))
                scratch.Candidates.Add(new RecallCandidate(item, EmbeddingPart(scale, vector, generation.OutputOf(neighbor.Item)), RecallSources.Embedding));
        }

        if (query.ColdPlaces == 0) return;
        foreach (var candidate in scratch.Candidates) scratch.Taken.Add(candidate.Item);
        foreach (var neighbor in ColdPlaces.Search(generation.SearchColdNext, vector, query, scratch, cancellationToken))
        {
            var item = CandidateId.Of(neighbor.Item);
            if (scratch.Taken.Add(item))
                scratch.Candidates.Add(new RecallCandidate(item, EmbeddingPart(scale, vector, generation.OutputOf(neighbor.Item)), RecallSources.Embedding));
        }
    }

    private float EmbeddingPart(EmbeddingScale scale, ReadOnlySpan<float> vector, ReadOnlySpan<float> row) =>
        (float)options.Embedding * scale.Of(TensorPrimitives.Dot(vector, row));

    /// <summary>A graph's part of a score.</summary>
    internal static float Part(double weight, float value, float strongest) => strongest > 0 ? (float)(weight * Math.Sqrt(value / strongest)) : 0;
}

using System.Numerics.Tensors;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>
/// Takes a blended score apart into what each item of the query brought. The embeddings' part is linear in the pulls and divides exactly; a
/// graph's part is shared out as the weights under its root are. Stateless; works in a thread's scratch, and only when asked: it walks again.
/// </summary>
internal sealed class BlendExplanation(BlendOptions options)
{
    /// <summary>Fills the scratch's contributions, [candidates, pulls]; those of a candidate sum to its score.</summary>
    /// <param name="space">What was searched.</param>
    /// <param name="scratch">Pulls, candidates and graph scores in, contributions out.</param>
    /// <param name="scale">Of the query's products; null where the embeddings took no part.</param>
    public void Fill(in RecallSpace space, RecallScratch scratch, EmbeddingScale? scale)
    {
        scratch.ClearContributions(scratch.Candidates.Count * scratch.Pulls.Count);
        if (scale is { } found) AddEmbedding(space, scratch, found);
        var places = PlacesOf(space, scratch);
        if (places.Count == 0) return;
        var scores = scratch.Graph.Scores;
        var direct = TensorPrimitives.Max<float>(scores.Direct);
        var walked = TensorPrimitives.Max<float>(scores.Walk);
        var shares = new float[scratch.Candidates.Count * scratch.Pulls.Count];
        ShareConnections(space, scratch, places, shares);
        ShareOut(scratch, places, shares, place => BlendedSearch.Part(options.Connections, scores.Direct[place], direct));
        Array.Clear(shares);
        ShareWalks(space, scratch, places, shares);
        ShareOut(scratch, places, shares, place => BlendedSearch.Part(options.Walks, scores.Walk[place], walked));
    }

    private void AddEmbedding(in RecallSpace space, RecallScratch scratch, EmbeddingScale scale)
    {
        var generation = space.Generation;
        var pulls = scratch.Pulls;
        var contributions = scratch.Contributions;
        var mean = scratch.LastMean(generation.Input.Dimension);
        var total = 0f;
        foreach (var pull in pulls)
            if (pull.Item.IsInGeneration)
                total += pull.Weight;
        for (var p = 0; p < pulls.Count; p++)
        {
            if (!pulls[p].Item.IsInGeneration) continue;
            var row = generation.InputOf(pulls[p].Item.Ordinal);
            var length = TensorPrimitives.Norm(row);
            if (!(length > 0)) continue;
            var factor = (float)options.Embedding * pulls[p].Weight / (total * length * scale.Deviation);
            var atMean = TensorPrimitives.Dot(row, mean);
            for (var c = 0; c < scratch.Candidates.Count; c++)
            {
                var candidate = scratch.Candidates[c];
                if (!candidate.Sources.HasFlag(RecallSources.Embedding)) continue;
                contributions[(c * pulls.Count) + p] += factor * (TensorPrimitives.Dot(row, generation.OutputOf(candidate.Item.Ordinal)) - atMean);
            }
        }
    }

    /// <summary>Where the candidates that the graph took part in lie among its scores: key to candidate.</summary>
    private static Dictionary<int, int> PlacesOf(in RecallSpace space, RecallScratch scratch)
    {
        var wanted = new Dictionary<CandidateId, int>();
        for (var c = 0; c < scratch.Candidates.Count; c++)
            if (scratch.Candidates[c].Sources.HasFlag(RecallSources.Graph))
                wanted[scratch.Candidates[c].Item] = c;

        var places = new Dictionary<int, int>(wanted.Count);
        var scores = scratch.Graph.Scores;
        for (var place = 0; place < scores.Count && places.Count < wanted.Count; place++)
            if (wanted.TryGetValue(space.IdOf(scores.KeyAt(place)), out var candidate))
                places[scores.KeyAt(place).Value] = candidate;
        return places;
    }

    private static void ShareConnections(in RecallSpace space, RecallScratch scratch, Dictionary<int, int> candidates, Span<float> shares)
    {
        var pulls = scratch.Pulls;
        var connections = scratch.Graph.Connections(space.Graph.MaximumEdges);
        for (var p = 0; p < pulls.Count; p++)
            if (pulls[p].Key != Pull.NoKey && space.Graph.TryRead(pulls[p].Key, connections))
                Share(connections, candidates, pulls[p].Weight, shares[p..], pulls.Count);
    }

    private void ShareWalks(in RecallSpace space, RecallScratch scratch, Dictionary<int, int> candidates, Span<float> shares)
    {
        if (!(options.Walks > 0)) return;
        var (graph, pulls, first) = (space.Graph, scratch.Pulls, scratch.Graph.FirstSteps);
        var steps = new GraphConnections(graph.MaximumEdges);
        var onward = new GraphConnections(Math.Min(options.WalkConnections, graph.MaximumEdges));
        for (var p = 0; p < pulls.Count; p++)
        {
            if (pulls[p].Key == Pull.NoKey || !graph.TryRead(pulls[p].Key, steps)) continue;
            for (var i = 0; i < steps.Count; i++)
            {
                var step = new ItemKey(steps.Items[i]);
                var place = first.Find(step);
                if (place < 0 || !(first.Walk[place] > 0) || !graph.TryRead(step, onward)) continue;
                // The walk went on with Walk[place] in all; this pull's share of it is its share of the first step.
                var share = pulls[p].Weight * steps.Weights[i] / MathF.Sqrt(steps.Out) / first.Direct[place] * first.Walk[place];
                Share(onward, candidates, share, shares[p..], pulls.Count);
            }
        }
    }

    private static void Share(GraphConnections connections, Dictionary<int, int> candidates, float weight, Span<float> shares, int stride)
    {
        for (var i = 0; i < connections.Count; i++)
            if (candidates.TryGetValue(connections.Items[i], out var candidate))
                shares[candidate * stride] += weight * connections.Weights[i];
    }

    private static void ShareOut(RecallScratch scratch, Dictionary<int, int> candidates, ReadOnlySpan<float> shares, Func<int, float> partOf)
    {
        var pulls = scratch.Pulls.Count;
        var contributions = scratch.Contributions;
        foreach (var (key, candidate) in candidates)
        {
            var part = partOf(scratch.Graph.Scores.Find(new(key)));
            if (part == 0) continue;
            var own = shares.Slice(candidate * pulls, pulls);
            var sum = TensorPrimitives.Sum(own);
            // The graph may have let go of a connection since it was walked: then the newest item answers for it.
            if (!(sum > 0)) contributions[candidate * pulls] += part;
            else
                for (var p = 0; p < pulls; p++)
                    contributions[(candidate * pulls) + p] += part * own[p] / sum;
        }
    }
}

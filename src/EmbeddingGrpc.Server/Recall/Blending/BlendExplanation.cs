using System.Numerics.Tensors;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// Takes a blended score apart into what each item of the query brought. The embeddings' part is linear in the pulls and divides exactly; a
/// graph's part is shared out as the weights under its root are; what popularity and similar users add is nobody's, and shared out by the pulls' weights. Stateless;
/// works in a thread's scratch, and only when asked: it walks again.
/// </summary>
internal sealed class BlendExplanation(BlendOptions options)
{
    /// <summary>Fills the scratch's contributions, [candidates, pulls]; those of a candidate sum to its score.</summary>
    /// <param name="space">What was searched.</param>
    /// <param name="query">From which sources.</param>
    /// <param name="scratch">Pulls, candidates and graph scores in, contributions out.</param>
    /// <param name="scorer">What scored them.</param>
    public void Fill(in RecallSpace space, RecallQuery query, RecallScratch scratch, in BlendScorer scorer)
    {
        scratch.ClearContributions(scratch.Candidates.Count * scratch.Pulls.Count);
        AddEmbedding(space.Generation, scratch, scorer);
        AddGraph(space, scratch, scorer);
        if (scorer.Weights.Popularity > 0 || query.Sources.HasFlag(RecallSources.SimilarUsers)) ShareOutRest(scratch);
    }

    private void AddGraph(in RecallSpace space, RecallScratch scratch, in BlendScorer scorer)
    {
        var places = PlacesOf(space, scratch);
        if (places.Count == 0) return;
        var (scores, weights) = (scratch.Graph.Scores, scorer.Weights);
        var shares = new float[scratch.Candidates.Count * scratch.Pulls.Count];
        ShareConnections(space, scratch, places, shares, divided: false);
        ShareOut(scratch, places, shares, weights.Connections, scores.Direct, scorer.StrongestConnection);
        Array.Clear(shares);
        ShareConnections(space, scratch, places, shares, divided: true);
        ShareOut(scratch, places, shares, weights.Steps, scores.Steps, scorer.StrongestStep);
        Array.Clear(shares);
        ShareWalks(space, scratch, weights, places, shares);
        ShareOut(scratch, places, shares, weights.Walks, scores.Walk, scorer.StrongestWalk);
    }

    private static void AddEmbedding(Generation generation, RecallScratch scratch, in BlendScorer scorer)
    {
        var dimension = generation.Input.Dimension;
        var total = TotalOfKnown(scratch.Pulls);
        if (!(total > 0)) return;
        for (var p = 0; p < scratch.Pulls.Count; p++)
        {
            var pull = scratch.Pulls[p];
            if (!pull.Item.IsInGeneration) continue;
            if (scorer.Scale is { } scale)
            {
                var row = generation.InputOf(pull.Item.Ordinal);
                var factor = (float)scorer.Weights.Embedding * pull.Weight * EmbeddingScale.InverseNorm(row) / (total * scale.Deviation);
                AddProducts(generation, scratch, p, row, factor, scratch.LastMean(dimension), atUnitLength: false);
            }

            if (scorer.LikenessScale is { } likeness)
            {
                var row = generation.OutputOf(pull.Item.Ordinal);
                var factor = (float)scorer.Weights.Similarity * pull.Weight * EmbeddingScale.InverseNorm(row) / (total * likeness.Deviation);
                AddProducts(generation, scratch, p, row, factor, scratch.LastLikenessMean(dimension), atUnitLength: true);
            }
        }
    }

    private static void AddProducts(
        Generation generation, RecallScratch scratch, int pull, ReadOnlySpan<float> row, float factor, ReadOnlySpan<float> mean, bool atUnitLength)
    {
        var contributions = scratch.Contributions;
        var atMean = TensorPrimitives.Dot(row, mean);
        for (var c = 0; c < scratch.Candidates.Count; c++)
        {
            var candidate = scratch.Candidates[c];
            if (!candidate.Sources.HasFlag(RecallSources.Embedding)) continue;
            var found = generation.OutputOf(candidate.Item.Ordinal);
            var product = TensorPrimitives.Dot(row, found) * (atUnitLength ? EmbeddingScale.InverseNorm(found) : 1);
            contributions[(c * scratch.Pulls.Count) + pull] += factor * (product - atMean);
        }
    }

    /// <summary>The part of popularity and of similar users is what the others leave of a score: both may have changed since the candidate was scored.</summary>
    private static void ShareOutRest(RecallScratch scratch)
    {
        var pulls = scratch.Pulls;
        var contributions = scratch.Contributions;
        var total = pulls.Sum(static pull => pull.Weight);
        for (var c = 0; c < scratch.Candidates.Count; c++)
        {
            var own = contributions.Slice(c * pulls.Count, pulls.Count);
            var left = scratch.Candidates[c].Score - TensorPrimitives.Sum<float>(own);
            for (var p = 0; p < pulls.Count; p++) own[p] += left * pulls[p].Weight / total;
        }
    }

    private static float TotalOfKnown(List<Pull> pulls)
    {
        var total = 0f;
        foreach (var pull in pulls)
            if (pull.Item.IsInGeneration)
                total += pull.Weight;
        return total;
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

    /// <summary>What arrives at an item divides all shares of it alike, so it need not be known here.</summary>
    private static void ShareConnections(in RecallSpace space, RecallScratch scratch, Dictionary<int, int> candidates, Span<float> shares, bool divided)
    {
        var pulls = scratch.Pulls;
        var connections = scratch.Graph.Connections(space.Graph.MaximumEdges);
        for (var p = 0; p < pulls.Count; p++)
        {
            if (pulls[p].Key == Pull.NoKey || !space.Graph.TryRead(pulls[p].Key, connections)) continue;
            Share(connections, candidates, divided ? pulls[p].Weight / MathF.Sqrt(connections.Out) : pulls[p].Weight, shares[p..], pulls.Count);
        }
    }

    private void ShareWalks(in RecallSpace space, RecallScratch scratch, BlendWeights weights, Dictionary<int, int> candidates, Span<float> shares)
    {
        if (!(weights.Walks > 0)) return;
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

    private static void ShareOut(
        RecallScratch scratch, Dictionary<int, int> candidates, ReadOnlySpan<float> shares, double weight, ReadOnlySpan<float> values, float strongest)
    {
        var pulls = scratch.Pulls.Count;
        var contributions = scratch.Contributions;
        foreach (var (key, candidate) in candidates)
        {
            var part = (float)weight * BlendScorer.Share(values[scratch.Graph.Scores.Find(new(key))], strongest);
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

using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>What speaks for any candidate of one query. Lives in its thread's scratch, as long as that is not asked for anything else.</summary>
/// <remarks>
/// The roots bring the heavy tails of the graph's counts near to the scale of deviations; what is relative to the strongest candidate needs no
/// calibration from one model to another.
/// </remarks>
internal readonly ref struct BlendScorer
{
    private const int FloatsPerCacheLine = 16;

    private readonly Generation _generation;
    private readonly ReadOnlySpan<float> _vector;
    private readonly ReadOnlySpan<float> _likeness;
    private readonly GraphScores _scores;
    private readonly PopularitySignals? _popularity;

    public BlendScorer(in RecallSpace space, BlendWeights weights, bool embeds, bool reaches, RecallScratch scratch)
    {
        (_generation, Weights) = (space.Generation, weights);
        _popularity = weights.Popularity > 0 ? space.Popularity?.Signals() : null;
        var dimension = _generation.Input.Dimension;
        if (embeds)
        {
            _vector = scratch.LastQuery(dimension);
            Scale = EmbeddingScale.Estimate(_generation.Output, _vector, atUnitLength: false, scratch.Mean(dimension));
            if (weights.Similarity > 0)
            {
                _likeness = scratch.LastLikeness(dimension);
                LikenessScale = EmbeddingScale.Estimate(_generation.Output, _likeness, atUnitLength: true, scratch.LikenessMean(dimension));
            }
        }

        _scores = scratch.Graph.Scores;
        if (!reaches) return;
        StrongestConnection = Strongest(_scores.Direct);
        StrongestStep = Strongest(_scores.Steps);
        StrongestWalk = Strongest(_scores.Walk);
    }

    public BlendWeights Weights { get; }

    /// <summary>Of the products with W1; null where the embeddings take no part.</summary>
    public EmbeddingScale? Scale { get; }

    /// <summary>Of the cosines with W2; null where they take no part.</summary>
    public EmbeddingScale? LikenessScale { get; }

    public float StrongestConnection { get; }

    public float StrongestStep { get; }

    public float StrongestWalk { get; }

    /// <summary>The graph's part of the score of everything that it reached, by place.</summary>
    /// <param name="parts">[reached]; overwritten.</param>
    /// <param name="room">[reached]; overwritten.</param>
    public void GraphScores(Span<float> parts, Span<float> room)
    {
        parts.Clear();
        AddShares(_scores.Direct, StrongestConnection, Weights.Connections, parts, room);
        AddShares(_scores.Steps, StrongestStep, Weights.Steps, parts, room);
        AddShares(_scores.Walk, StrongestWalk, Weights.Walks, parts, room);
    }

    /// <summary>What speaks for an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="place">Where it lies in the graph's scores; -1 where the graph did not reach it.</param>
    public BlendSignals Of(CandidateId item, int place)
    {
        float embedding = 0, similarity = 0;
        if (item.IsInGeneration && Scale is { } scale)
        {
            var row = _generation.OutputOf(item.Ordinal);
            embedding = scale.Of(TensorPrimitives.Dot(_vector, row));
            if (LikenessScale is { } likeness) similarity = likeness.Of(EmbeddingScale.InverseNorm(row) * TensorPrimitives.Dot(_likeness, row));
        }

        var popularity = _popularity is { } signals && TryGetKey(item, place, out var key) ? signals.Of(key) : 0;
        if (place < 0) return new BlendSignals(embedding, similarity, 0, 0, 0, popularity);
        return new BlendSignals(
            embedding,
            similarity,
            Share(_scores.Direct[place], StrongestConnection),
            Share(_scores.Steps[place], StrongestStep),
            Share(_scores.Walk[place], StrongestWalk),
            popularity);
    }

    /// <summary>An item will be scored soon: its row and its counter lie anywhere in memory, and each would be waited for in its turn.</summary>
    /// <param name="item">The item.</param>
    /// <param name="place">Where it lies in the graph's scores; -1 where the graph did not reach it.</param>
    public void WillScore(CandidateId item, int place)
    {
        if (_popularity is { } signals && TryGetKey(item, place, out var key)) signals.WillRead(key);
        if (Scale is null || !item.IsInGeneration) return;
        var row = _generation.OutputOf(item.Ordinal);
        for (var i = 0; i < row.Length; i += FloatsPerCacheLine) CacheHint.WillRead(in row[i]);
    }

    /// <summary>A graph's value as a signal.</summary>
    public static float Share(float value, float strongest) => strongest > 0 && value > 0 ? MathF.Sqrt(value / strongest) : 0;

    private static void AddShares(ReadOnlySpan<float> values, float strongest, double weight, Span<float> parts, Span<float> room)
    {
        if (!(strongest > 0 && weight > 0)) return;
        // None is below zero: weights are added and divided.
        TensorPrimitives.Divide(values, strongest, room);
        TensorPrimitives.Sqrt(room, room);
        TensorPrimitives.MultiplyAdd(room, (float)weight, parts, parts);
    }

    private bool TryGetKey(CandidateId item, int place, out ItemKey key)
    {
        if (place < 0 && item.IsInGeneration) return _generation.TryGetKey(item.Ordinal, out key);
        key = place < 0 ? item.Key : _scores.KeyAt(place);
        return true;
    }

    private static float Strongest(ReadOnlySpan<float> values) => values.IsEmpty ? 0 : TensorPrimitives.Max(values);
}

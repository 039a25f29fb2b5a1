using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Recall.Blending;

/// <summary>
/// How the sources of a history's or a session's candidates are added up. A weight that is given holds; one that is not was learned with the
/// generation that answers, on what its users did last.
/// </summary>
public sealed record BlendOptions
{
    /// <summary>Weight of the embeddings: of a product's distance from the mean, in standard deviations over the items. Null: as learned.</summary>
    [Range(0.0, 1000.0)]
    public double? Embedding { get; init; }

    /// <summary>Weight of the likeness to the history's items, in the same unit. Null: as learned.</summary>
    [Range(0.0, 1000.0)]
    public double? Similarity { get; init; }

    /// <summary>Weight of the live graph's connections: of the root of their share in the strongest candidate's. Null: as learned.</summary>
    [Range(0.0, 1000.0)]
    public double? Connections { get; init; }

    /// <summary>Weight of the same with what leaves and what arrives divided out. Null: as learned.</summary>
    [Range(0.0, 1000.0)]
    public double? Steps { get; init; }

    /// <summary>Weight of walks of two steps over the live graph, likewise. Null: as learned; 0 saves the walks.</summary>
    [Range(0.0, 1000.0)]
    public double? Walks { get; init; }

    /// <summary>Weight of a candidate's decayed popularity: of its logarithm's share in that of the most popular item. Null: as learned.</summary>
    [Range(0.0, 1000.0)]
    public double? Popularity { get; init; }

    /// <summary>Whether generations learn weights at all. Off: those that are not given are the defaults.</summary>
    public bool Learn { get; init; } = true;

    /// <summary>Users by whose last interaction weights are learned, at most.</summary>
    [Range(100, 100_000)]
    public int LearningUsers { get; init; } = 3000;

    /// <summary>Items that a walk goes on from after its first step, the heaviest ones.</summary>
    [Range(1, 100_000)]
    public int WalkItems { get; init; } = 256;

    /// <summary>Connections of each of them that it follows, the heaviest ones.</summary>
    [Range(1, 1024)]
    public int WalkConnections { get; init; } = 64;

    /// <summary>Candidates of the graph that are scored by the embeddings too, the heaviest ones; never fewer than asked for.</summary>
    [Range(1, 100_000)]
    public int GraphCandidates { get; init; } = 512;

    /// <summary>Candidates of the embeddings, never fewer than asked for.</summary>
    [Range(1, 10_000)]
    public int EmbeddingCandidates { get; init; } = 100;

    /// <summary>The weights of a generation under these options.</summary>
    /// <param name="learned">What it learned; null for nothing.</param>
    public BlendWeights WeightsFor(BlendWeights? learned)
    {
        var otherwise = (Learn ? learned : null) ?? BlendWeights.Default;
        if ((Embedding ?? Similarity ?? Connections ?? Steps ?? Walks ?? Popularity) is null) return otherwise;
        return new BlendWeights(
            Embedding ?? otherwise.Embedding,
            Similarity ?? otherwise.Similarity,
            Connections ?? otherwise.Connections,
            Steps ?? otherwise.Steps,
            Walks ?? otherwise.Walks,
            Popularity ?? otherwise.Popularity);
    }
}

using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>
/// How the sources of a history's or a session's candidates are added up. The defaults were chosen on the second-to-last items of two public
/// data sets (short histories of a shop, long ones of films) and checked on the last.
/// </summary>
public sealed record BlendOptions
{
    /// <summary>Weight of the embeddings: of a score's distance from the mean, in standard deviations over the items.</summary>
    [Range(0.0, 1000.0)]
    public double Embedding { get; init; } = 1;

    /// <summary>Weight of the live graph's connections: of the root of their share in the strongest candidate's.</summary>
    [Range(0.0, 1000.0)]
    public double Connections { get; init; } = 2;

    /// <summary>Weight of walks of two steps over the live graph, likewise. 0 saves the walks.</summary>
    [Range(0.0, 1000.0)]
    public double Walks { get; init; } = 4;

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
}

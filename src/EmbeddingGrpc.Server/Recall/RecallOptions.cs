using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Recall.Users;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>How queries are made and answered. Configuration section <c>EmbeddingGrpc:Recall</c>.</summary>
public sealed record RecallOptions
{
    /// <summary>Name of the configuration section below <c>EmbeddingGrpc</c>.</summary>
    public const string Section = "Recall";

    /// <summary>Distinct recent items of a user or a session that make its query; older ones do not pull.</summary>
    [Range(1, 1000)]
    public int HistoryItems { get; init; } = 50;

    /// <summary>
    /// The n-th most recent item weighs <c>n^-exponent</c>, when it has no weight of its own. 0 weighs all alike. A power serves short and
    /// long histories with one value, where a factor for each step back does not: it is near the best of either on next-item data of both.
    /// </summary>
    [Range(0.0, 10.0)]
    public double RecencyExponent { get; init; } = 1.25;

    /// <summary>The part of a session's query that is the stored history's of its user, where the request names one and does not say how much.</summary>
    [Range(0.0, 1.0)]
    public double HistoryWeight { get; init; } = 0.5;

    /// <summary>Interests that a history or a session is divided into at most, each searched by itself, where the request does not say. 1: the history as a whole.</summary>
    [Range(1, RecallQuery.MaximumInterests)]
    public int Interests { get; init; } = 1;

    /// <summary>How strongly each type of interaction pulls.</summary>
    [ValidateObjectMembers]
    public InteractionWeights InteractionWeights { get; init; } = new();

    /// <summary>How the sources of candidates are added up.</summary>
    [ValidateObjectMembers]
    public BlendOptions Blend { get; init; } = new();

    /// <summary>How users are compared with each other.</summary>
    [ValidateObjectMembers]
    public SimilarUserOptions SimilarUsers { get; init; } = new();

    /// <summary>Queries of one batch answered at once; 0 means one for each processor.</summary>
    [Range(0, 1024)]
    public int BatchParallelism { get; init; }
}

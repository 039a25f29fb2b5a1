using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>How queries are made and answered. Configuration section <c>EmbeddingGrpc:Recall</c>.</summary>
public sealed record RecallOptions
{
    /// <summary>Name of the configuration section below <c>EmbeddingGrpc</c>.</summary>
    public const string Section = "Recall";

    /// <summary>Distinct recent items of a user or a session that make its query; older ones do not pull.</summary>
    [Range(1, 1000)]
    public int HistoryItems { get; init; } = 20;

    /// <summary>Weight of an item relative to the next more recent one, when it has no weight of its own.</summary>
    [Range(0.01, 1.0)]
    public double RecencyDecay { get; init; } = 0.8;

    /// <summary>How strongly each type of interaction pulls.</summary>
    [ValidateObjectMembers]
    public InteractionWeights InteractionWeights { get; init; } = new();

    /// <summary>Queries of one batch answered at once; 0 means one for each processor.</summary>
    [Range(0, 1024)]
    public int BatchParallelism { get; init; }
}

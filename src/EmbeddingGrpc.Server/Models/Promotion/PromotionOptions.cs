using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>When a trained generation takes the place of the one that serves.</summary>
public sealed record PromotionOptions
{
    /// <summary>Whether generations are compared at all. Off: whatever is trained serves.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// The newest share of all interactions by which two generations are compared; of those that the serving one was not trained on at most half, so that
    /// the new one has learned from the rest.
    /// </summary>
    [Range(0.001, 0.5)]
    public double TestFraction { get; init; } = 0.1;

    /// <summary>Length of the lists that are compared, by their recall.</summary>
    [Range(1, 1000)]
    public int K { get; init; } = 20;

    /// <summary>Queries below which a comparison is inconclusive.</summary>
    [Range(1, 1_000_000)]
    public int MinimumQueries { get; init; } = 100;

    /// <summary>Queries that are asked at most.</summary>
    [Range(1, 1_000_000)]
    public int MaximumQueries { get; init; } = 5000;

    /// <summary>
    /// The share of the serving generation's recall by which a new one may be worse. It is rejected if its recall is further below, and significantly so.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Margin { get; init; } = 0.05;

    /// <summary>What happens when too little can be asked.</summary>
    public InconclusivePolicy WhenInconclusive { get; init; } = InconclusivePolicy.Promote;

    /// <summary>Epochs, as a share of the training's, in which a promoted generation learns what it was compared by.</summary>
    [Range(0.01, 1.0)]
    public double FinishingEpochs { get; init; } = 0.25;
}

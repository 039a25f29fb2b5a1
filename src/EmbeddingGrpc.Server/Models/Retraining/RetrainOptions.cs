using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Models.Retraining;

/// <summary>
/// When a model is trained without being told to, and how much of it anew. Whatever comes first; a training is never started without new interactions.
/// </summary>
public sealed record RetrainOptions
{
    /// <summary>After so many new interactions; 0 for never.</summary>
    [Range(0.0, 1e15)]
    public long AfterInteractions { get; init; }

    /// <summary>After as many new interactions as this share of those trained on; 0 for never.</summary>
    [Range(0.0, 1000.0)]
    public double AfterFraction { get; init; }

    /// <summary>So long after the last training began; zero for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan Every { get; init; }

    /// <summary>Trainings begin at least so far apart, whatever else is said.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "36500.00:00:00")]
    public TimeSpan AtMostEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Trainings from one that begins anew to the next; those between go on from the vectors that serve, on what is new and some of what is older. 1: every
    /// training begins anew. One that is told to by a command, that follows changed options, or whose warm start turns out worse than what serves does so in any case.
    /// </summary>
    [Range(1, 1_000_000)]
    public int FullEvery { get; init; } = 1;

    /// <summary>What a warm start learns wholly: the newest share of all interactions, and in any case those that the serving generation was not trained on.</summary>
    [Range(0.0, 1.0)]
    public double WarmWindow { get; init; } = 0.1;

    /// <summary>Share of the older sessions that a warm start learns again, so that they are not forgotten; others every time.</summary>
    [Range(0.0, 1.0)]
    public double WarmReplay { get; init; } = 0.3;

    /// <summary>Epochs of a warm start, as a share of the training's.</summary>
    [Range(0.01, 1.0)]
    public double WarmEpochs { get; init; } = 0.5;

    /// <summary>Learning rate at the beginning of a warm start, as a share of the training's.</summary>
    [Range(0.001, 100.0)]
    public double WarmRate { get; init; } = 0.5;
}

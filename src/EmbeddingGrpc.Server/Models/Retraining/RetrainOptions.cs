using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Server.Models.Retraining;

/// <summary>When a model is trained without being told to. Whatever comes first; a training is never started without new interactions.</summary>
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
}

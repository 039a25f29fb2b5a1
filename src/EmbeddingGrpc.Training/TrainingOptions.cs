using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Training;

/// <summary>How embeddings are trained. The defaults are for recommendation, not for text.</summary>
public sealed record TrainingOptions
{
    /// <summary>Floats of a vector.</summary>
    [Range(2, 1024)]
    public int Dimension { get; init; } = 100;

    /// <summary>Context items on each side of a center.</summary>
    [Range(1, 1000)]
    public int Window { get; init; } = 5;

    /// <summary>Which items around a center are its contexts.</summary>
    public WindowMode WindowMode { get; init; } = WindowMode.Shrinking;

    /// <summary>
    /// Weight of a pair whose input comes after the item it predicts, 0..1. Below one, W1 queried against W2 learns what comes next instead
    /// of what comes near.
    /// </summary>
    [Range(0.0, 1.0)]
    public double BackwardWeight { get; init; } = 0.25;

    /// <summary>Negative samples shared by the contexts of a center.</summary>
    [Range(1, 1024)]
    public int NegativeSamples { get; init; } = 23;

    /// <summary>Exponent of the noise distribution over item counts; 0 is uniform, 0.75 is word2vec's.</summary>
    [Range(-4.0, 4.0)]
    public double NoiseExponent { get; init; } = 0.5;

    /// <summary>Subsampling threshold of frequent items (Mikolov et al. 2013, section 2.3); 0 turns it off.</summary>
    [Range(0.0, 1.0)]
    public double Subsample { get; init; }

    /// <summary>Items with fewer interactions are left out.</summary>
    [Range(1, int.MaxValue)]
    public int MinimumCount { get; init; } = 1;

    /// <summary>Passes over the sessions.</summary>
    [Range(1, 10_000)]
    public int Epochs { get; init; } = 20;

    /// <summary>Learning rate at the start; it falls linearly to a ten-thousandth of this.</summary>
    [Range(1e-6, 10.0)]
    public double LearningRate { get; init; } = 0.05;

    /// <summary>Training threads; 0 means one for each processor. Only one thread is reproducible.</summary>
    [Range(0, 1024)]
    public int Threads { get; init; }

    /// <summary>Seed of every random choice.</summary>
    public ulong Seed { get; init; } = 42;
}

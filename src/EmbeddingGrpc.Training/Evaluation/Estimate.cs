namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>A mean over queries with its 95% confidence interval.</summary>
/// <param name="Value">The mean.</param>
/// <param name="Lower">2.5% of the resamples are below.</param>
/// <param name="Upper">2.5% of the resamples are above.</param>
public readonly record struct Estimate(double Value, double Lower, double Upper);

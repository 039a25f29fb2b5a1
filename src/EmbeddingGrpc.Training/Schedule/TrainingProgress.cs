namespace EmbeddingGrpc.Training;

/// <summary>How far a training is.</summary>
/// <param name="Fraction">0..1.</param>
/// <param name="WordsPerSecond">Over the last interval.</param>
/// <param name="Loss">Mean loss of a training pair over the last interval.</param>
/// <param name="Elapsed">Since the training threads started.</param>
/// <param name="Remaining">At the present speed.</param>
public readonly record struct TrainingProgress(double Fraction, double WordsPerSecond, double Loss, TimeSpan Elapsed, TimeSpan Remaining);

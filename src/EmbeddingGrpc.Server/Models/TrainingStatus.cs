namespace EmbeddingGrpc.Server.Models;

/// <summary>How far a training is. Immutable.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Fraction">0..1 within the phase.</param>
/// <param name="WordsPerSecond">Interactions a second over the last interval; 0 outside <see cref="TrainingPhase.Train"/>.</param>
/// <param name="Loss">Mean loss of a training pair over the last interval; 0 outside <see cref="TrainingPhase.Train"/>.</param>
/// <param name="Elapsed">Of the phase.</param>
/// <param name="Remaining">Of the phase at its present speed; zero where unknown.</param>
public sealed record TrainingStatus(
    TrainingPhase Phase, double Fraction = 0, double WordsPerSecond = 0, double Loss = 0, TimeSpan Elapsed = default, TimeSpan Remaining = default);

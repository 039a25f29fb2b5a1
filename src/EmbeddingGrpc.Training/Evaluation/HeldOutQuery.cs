namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>One question with its right answers, by the numbers of <see cref="HeldOut"/>.</summary>
/// <param name="User">The user, counted from 0.</param>
/// <param name="History">What the user did before, oldest first; not empty.</param>
/// <param name="Targets">What the user did next: new to the user, in the order of time; not empty.</param>
public sealed record HeldOutQuery(int User, IReadOnlyList<int> History, IReadOnlyList<int> Targets);

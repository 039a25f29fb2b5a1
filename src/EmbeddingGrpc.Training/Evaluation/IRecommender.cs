namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>What is evaluated. One thread.</summary>
public interface IRecommender
{
    /// <summary>What it is called in reports.</summary>
    string Name { get; }

    /// <summary>Names the items that a user with a history should do next, best first; none of the history.</summary>
    /// <param name="history">Oldest first, by the numbers of the <see cref="HeldOut"/> that is asked.</param>
    /// <param name="recommended">Overwritten.</param>
    /// <returns>How many were written.</returns>
    int Recommend(IReadOnlyList<int> history, Span<int> recommended);

    /// <summary>Whether it was not trained on an item and recommends it all the same.</summary>
    bool IsCold(int item) => false;
}

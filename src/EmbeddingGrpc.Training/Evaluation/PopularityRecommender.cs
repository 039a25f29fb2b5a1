namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>Always the items with most interactions before the cut. What every recommender must beat.</summary>
public sealed class PopularityRecommender : IRecommender
{
    private readonly int[] _order;

    /// <summary>Orders the items of what is held out by their counts before the cut.</summary>
    public PopularityRecommender(HeldOut heldOut)
    {
        ArgumentNullException.ThrowIfNull(heldOut);
        _order = [.. Enumerable.Range(0, heldOut.ItemCount).Where(item => heldOut.CountOf(item) > 0).OrderByDescending(heldOut.CountOf)];
    }

    /// <inheritdoc/>
    public string Name => "popularity";

    /// <inheritdoc/>
    public int Recommend(IReadOnlyList<int> history, Span<int> recommended)
    {
        var seen = history.ToHashSet();
        int count = 0;
        for (int place = 0; place < _order.Length && count < recommended.Length; place++)
        {
            if (!seen.Contains(_order[place]))
            {
                recommended[count++] = _order[place];
            }
        }

        return count;
    }
}

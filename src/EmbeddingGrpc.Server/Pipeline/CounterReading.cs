namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Reads counters by one state of the model clock: what that makes of a weight is computed once and not for each item. For a moment only.</summary>
internal readonly struct CounterReading(ItemCounters.Tallies tallies, double scale)
{
    /// <summary>The weight of all types that an item has had.</summary>
    /// <param name="item">The item.</param>
    /// <param name="byType">What each type counts, by <see cref="InteractionTypes.IndexOf"/>.</param>
    public double WeightOf(ItemKey item, ReadOnlySpan<double> byType) => tallies.TryRead(item.Value, out var tally) ? tally.Sum(byType) * scale : 0;

    /// <summary>An item's weight will be asked for soon.</summary>
    public void WillRead(ItemKey item) => tallies.WillRead(item.Value);
}

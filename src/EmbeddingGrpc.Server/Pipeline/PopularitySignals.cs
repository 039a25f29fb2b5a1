namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>How popular the candidates of one query are. For as long as a search takes.</summary>
/// <param name="counters">Read as of now.</param>
/// <param name="byType">What each type of interaction counts.</param>
/// <param name="highest">Logarithm of the highest popularity.</param>
internal readonly struct PopularitySignals(CounterReading counters, double[] byType, double highest)
{
    /// <summary>An item's popularity as a share of the highest, both by their logarithm: 0..1.</summary>
    public float Of(ItemKey item)
    {
        var weight = counters.WeightOf(item, byType);
        // What was popular a second ago may be topped by now.
        return weight > 0 ? (float)Math.Min(1, Math.Log(1 + weight) / highest) : 0;
    }

    /// <summary>An item will be asked for soon.</summary>
    public void WillRead(ItemKey item) => counters.WillRead(item);
}

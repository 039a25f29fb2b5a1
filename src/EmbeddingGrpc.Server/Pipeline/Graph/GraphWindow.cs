using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>Which of a user's other interactions one is connected with, and how strongly. One thread; what it returns lasts until it is asked again.</summary>
internal sealed class GraphWindow(ItemGraphOptions options)
{
    private readonly GraphNeighbor[] _neighbors = new GraphNeighbor[2 * options.Window];
    private readonly float _distanceDecay = (float)options.DistanceDecay;
    private int _count;

    /// <summary>Whether an interaction says that its item was wanted.</summary>
    public static bool Connects(in HistoryEvent happened) =>
        happened.Weight > 0 && happened.Type is not (InteractionType.Impression or InteractionType.Dislike);

    /// <summary>Walks away from an interaction in both directions of time: each other item once, where it is nearest.</summary>
    /// <param name="item">Item of the interaction.</param>
    /// <param name="before">What came before it, oldest first.</param>
    /// <param name="after">What came after it, oldest first.</param>
    /// <param name="weight">Weight of the interaction.</param>
    public ReadOnlySpan<GraphNeighbor> Collect(ItemKey item, ReadOnlySpan<HistoryEvent> before, ReadOnlySpan<HistoryEvent> after, float weight)
    {
        _count = 0;
        // What lies beyond the same item was connected with it then, and so was what lies on this side if it lies on that side too: looking at
        // the same things again and again adds nothing.
        var again = LastOf(before, item);
        var (distance, strength) = (0, weight);
        for (var i = before.Length - 1; i > again && distance < options.Window; i--)
        {
            if (!Connects(before[i])) continue;
            distance++;
            strength *= _distanceDecay;
            if (LastOf(before[..(again + 1)], before[i].Item) < 0) Add(before[i].Item, strength, isLater: false);
        }

        (distance, strength) = (0, weight);
        for (var i = 0; i < after.Length && after[i].Item != item && distance < options.Window; i++)
        {
            if (!Connects(after[i])) continue;
            distance++;
            strength *= _distanceDecay;
            Add(after[i].Item, strength, isLater: true);
        }

        return _neighbors.AsSpan(0, _count);
    }

    private static int LastOf(ReadOnlySpan<HistoryEvent> history, ItemKey item)
    {
        for (var i = history.Length - 1; i >= 0; i--)
            if (history[i].Item == item && Connects(history[i]))
                return i;
        return -1;
    }

    private void Add(ItemKey item, float strength, bool isLater)
    {
        foreach (ref readonly var known in _neighbors.AsSpan(0, _count))
            if (known.Item == item)
                return;
        _neighbors[_count++] = new GraphNeighbor(item, strength, isLater);
    }
}

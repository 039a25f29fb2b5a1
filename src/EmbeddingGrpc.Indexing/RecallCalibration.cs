namespace EmbeddingGrpc.Indexing;

/// <summary>
/// Which size of the candidate pool gives which recall on a sample of queries, measured against exact search for a few neighbours and for
/// many: with many a pool need not be so many times as large. Immutable.
/// </summary>
public sealed class RecallCalibration
{
    /// <summary>Neighbours that recall was measured for.</summary>
    public const int Neighbors = 10;

    /// <summary>Neighbours that it was measured for a second time.</summary>
    public const int ManyNeighbors = 100;

    /// <summary>Sizes of the candidate pool that are measured, as far as needed.</summary>
    internal static readonly int[] Ladder = [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 3072, 4096];

    /// <summary>The same for many neighbours, which need as large a pool at least.</summary>
    internal static readonly int[] LadderOfMany = [ManyNeighbors, 112, 128, 160, 192, 224, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 3072, 4096];

    private readonly double[] _recalls;
    private readonly double[] _recallsOfMany;

    /// <summary>Takes what was measured.</summary>
    /// <param name="items">Live items when it was.</param>
    /// <param name="recalls">Recall at the first sizes of <see cref="Ladder"/>.</param>
    /// <param name="recallsOfMany">Recall at the first sizes of <see cref="LadderOfMany"/>; empty where that was not measured.</param>
    internal RecallCalibration(int items, ReadOnlySpan<double> recalls, ReadOnlySpan<double> recallsOfMany = default)
    {
        Items = items;
        _recalls = Rising(recalls);
        _recallsOfMany = Rising(recallsOfMany);
    }

    /// <summary>Live items when it was measured.</summary>
    public int Items { get; }

    /// <summary>Sizes that were measured for <see cref="Neighbors"/>, with their recall, in rising order.</summary>
    public IEnumerable<(int Ef, double Recall)> Points => _recalls.Select((recall, i) => (Ladder[i], recall));

    /// <summary>The same for <see cref="ManyNeighbors"/>; none where that was not measured.</summary>
    public IEnumerable<(int Ef, double Recall)> PointsOfMany => _recallsOfMany.Select((recall, i) => (LadderOfMany[i], recall));

    internal ReadOnlySpan<double> Recalls => _recalls;

    internal ReadOnlySpan<double> RecallsOfMany => _recallsOfMany;

    /// <summary>The pool that gives a recall; null where none did, and only an exact search will.</summary>
    /// <param name="target">Recall wanted, below 1.</param>
    /// <param name="results">Neighbours wanted.</param>
    public int? EfFor(double target, int results = Neighbors)
    {
        if (Look(Ladder, _recalls, target) is not { } few) return null;
        if (results <= Neighbors) return Whole(few);
        // Where nothing is known of many, the pool holds as many times the neighbours wanted as it does of few, which is more than enough.
        if (Look(LadderOfMany, _recallsOfMany, target) is not { } many) return _recallsOfMany.Length == 0 ? Whole(few * results / Neighbors) : null;
        if (results >= ManyNeighbors) return Whole(many * results / ManyNeighbors);
        var share = Math.Log((double)results / Neighbors) / Math.Log((double)ManyNeighbors / Neighbors);
        return Math.Max(results, Whole(Between(few, many, share)));
    }

    private static double? Look(int[] ladder, double[] recalls, double target)
    {
        for (var i = 0; i < recalls.Length; i++)
        {
            if (recalls[i] < target) continue;
            // Between two sizes recall is nearly straight over the logarithm.
            return i == 0 ? ladder[0] : Between(ladder[i - 1], ladder[i], (target - recalls[i - 1]) / (recalls[i] - recalls[i - 1]));
        }
        return null;
    }

    private static double Between(double low, double high, double share) => low * Math.Pow(high / low, share);

    private static int Whole(double ef) => (int)Math.Min(int.MaxValue, Math.Ceiling(ef));

    private static double[] Rising(ReadOnlySpan<double> recalls)
    {
        // A larger pool does not find less; where it seems to, that is the sample's noise.
        var rising = recalls.ToArray();
        for (var i = 1; i < rising.Length; i++) rising[i] = Math.Max(rising[i], rising[i - 1]);
        return rising;
    }
}

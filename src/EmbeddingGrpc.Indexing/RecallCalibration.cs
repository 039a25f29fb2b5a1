using EmbeddingGrpc.Indexing.Hnsw;

namespace EmbeddingGrpc.Indexing;

/// <summary>
/// Which size of the candidate pool gives which recall on a sample of queries, measured against exact search for a few neighbours and for
/// many: with many a pool need not be so many times as large. And which margin, by which a walk ends before its pool is expanded, gives the same recall. Immutable.
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

    /// <summary>
    /// Margins that are measured, as far as needed, in thousandths: by how much farther than the last wanted one a candidate may be that a walk goes on with. Where neighbours hardly
    /// stand out, small ones find much; of few values a row, margins beyond 1 are needed.
    /// </summary>
    internal static readonly int[] Margins =
    [
        5, 6, 8, 10, 12, 15, 19, 24, 30, 38, 47, 59, 73, 92, 115, 143, 179, 224, 280, 350, 437, 546, 683, 853, 1067, 1333, 1667, 2083, 2604, 3255, 4069,
    ];

    /// <summary>
    /// How many times larger the pool of a walk is that a margin ends, than of one that is not ended and recalls the same: so far goes a query whose neighbours do not stand out.
    /// </summary>
    internal const int PoolGrowth = 2;

    private readonly double[] _recalls;
    private readonly double[] _recallsOfMany;
    private readonly double[] _recallsByMargin;
    private readonly double[] _recallsOfManyByMargin;

    /// <summary>Takes what was measured.</summary>
    /// <param name="items">Live items when it was.</param>
    /// <param name="recalls">Recall at the first sizes of <see cref="Ladder"/>.</param>
    /// <param name="recallsOfMany">Recall at the first sizes of <see cref="LadderOfMany"/>; empty where that was not measured.</param>
    /// <param name="recallsByMargin">Recall at the first of <see cref="Margins"/>; empty where that was not measured.</param>
    /// <param name="recallsOfManyByMargin">The same for many neighbours.</param>
    internal RecallCalibration(
        int items,
        ReadOnlySpan<double> recalls,
        ReadOnlySpan<double> recallsOfMany = default,
        ReadOnlySpan<double> recallsByMargin = default,
        ReadOnlySpan<double> recallsOfManyByMargin = default)
    {
        Items = items;
        _recalls = Rising(recalls);
        _recallsOfMany = Rising(recallsOfMany);
        _recallsByMargin = Rising(recallsByMargin);
        _recallsOfManyByMargin = Rising(recallsOfManyByMargin);
    }

    /// <summary>Live items when it was measured.</summary>
    public int Items { get; }

    /// <summary>Sizes that were measured for <see cref="Neighbors"/>, with their recall, in rising order.</summary>
    public IEnumerable<(int Ef, double Recall)> Points => _recalls.Select((recall, i) => (Ladder[i], recall));

    /// <summary>The same for <see cref="ManyNeighbors"/>; none where that was not measured.</summary>
    public IEnumerable<(int Ef, double Recall)> PointsOfMany => _recallsOfMany.Select((recall, i) => (LadderOfMany[i], recall));

    /// <summary>Margins that were measured for <see cref="Neighbors"/>, as shares of the last one's distance, with their recall, in rising order; none by dot product, or where they save nothing.</summary>
    public IEnumerable<(double Margin, double Recall)> PointsByMargin => _recallsByMargin.Select((recall, i) => ((double)MarginOf(Margins[i]), recall));

    /// <summary>The same for <see cref="ManyNeighbors"/>.</summary>
    public IEnumerable<(double Margin, double Recall)> PointsOfManyByMargin => _recallsOfManyByMargin.Select((recall, i) => ((double)MarginOf(Margins[i]), recall));

    internal ReadOnlySpan<double> Recalls => _recalls;

    internal ReadOnlySpan<double> RecallsOfMany => _recallsOfMany;

    internal ReadOnlySpan<double> RecallsByMargin => _recallsByMargin;

    internal ReadOnlySpan<double> RecallsOfManyByMargin => _recallsOfManyByMargin;

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
        return Math.Max(results, Whole(Between(few, many, ShareOf(results))));
    }

    /// <summary>The walk that recalls what one does that expands a whole pool, and expands fewer; that very one where none is known.</summary>
    /// <param name="ef">Size of the pool.</param>
    /// <param name="results">Neighbours wanted.</param>
    internal WalkExtent ExtentFor(int ef, int results)
    {
        var few = results < ManyNeighbors ? MarginFor(Ladder, _recalls, _recallsByMargin, ef) : 0;
        var many = results > Neighbors ? MarginFor(LadderOfMany, _recallsOfMany, _recallsOfManyByMargin, ef) : 0;
        if (few is null || many is null) return new WalkExtent(ef);
        var margin = results <= Neighbors ? MarginOf(few.Value) : results >= ManyNeighbors ? MarginOf(many.Value) : MarginBetween(few.Value, many.Value, ShareOf(results));
        return new WalkExtent(PoolGrowth * ef, margin);

        // A pool ends where its last one's distance is so many times the last wanted one's, and distances grow as a power of the rank.
        static float MarginBetween(double few, double many, double share) => (float)(Between(1 + (few / 1000), 1 + (many / 1000), share) - 1);
    }

    /// <summary>A margin as a share.</summary>
    internal static float MarginOf(double thousandths) => (float)(thousandths / 1000);

    private static double ShareOf(int results) => Math.Log((double)results / Neighbors) / Math.Log((double)ManyNeighbors / Neighbors);

    /// <summary>The margin that recalls what a pool does, in thousandths; null where the pool or the margin was not measured.</summary>
    private static double? MarginFor(int[] ladder, double[] byPool, double[] byMargin, int ef)
    {
        var above = 0;
        while (above < byPool.Length && ladder[above] < ef) above++;
        if (above == byPool.Length || ladder[0] > ef) return null;
        var recall = above == 0 ? byPool[0]
            : byPool[above - 1] + ((byPool[above] - byPool[above - 1]) * Math.Log((double)ef / ladder[above - 1]) / Math.Log((double)ladder[above] / ladder[above - 1]));
        return Look(Margins, byMargin, recall);
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

namespace EmbeddingGrpc.Indexing;

/// <summary>Which size of the candidate pool gives which recall@10 on a sample of queries, measured against exact search. Immutable.</summary>
public sealed class RecallCalibration
{
    /// <summary>Neighbours that recall was measured for.</summary>
    public const int Neighbors = 10;

    /// <summary>Sizes of the candidate pool that are measured, as far as needed.</summary>
    internal static readonly int[] Ladder = [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 640, 768, 1024, 1536, 2048, 3072, 4096];

    private readonly double[] _recalls;

    /// <summary>Takes what was measured.</summary>
    /// <param name="items">Live items when it was.</param>
    /// <param name="recalls">Recall at the first sizes of <see cref="Ladder"/>.</param>
    internal RecallCalibration(int items, ReadOnlySpan<double> recalls)
    {
        Items = items;
        _recalls = recalls.ToArray();
        // A larger pool does not find less; where it seems to, that is the sample's noise.
        for (var i = 1; i < _recalls.Length; i++) _recalls[i] = Math.Max(_recalls[i], _recalls[i - 1]);
    }

    /// <summary>Live items when it was measured.</summary>
    public int Items { get; }

    /// <summary>Sizes that were measured, with their recall, in rising order.</summary>
    public IEnumerable<(int Ef, double Recall)> Points => _recalls.Select((recall, i) => (Ladder[i], recall));

    internal ReadOnlySpan<double> Recalls => _recalls;

    /// <summary>The pool that gives a recall; null where none did, and only an exact search will.</summary>
    /// <param name="target">Recall wanted, below 1.</param>
    /// <param name="results">Neighbours wanted.</param>
    public int? EfFor(double target, int results = Neighbors)
    {
        for (var i = 0; i < _recalls.Length; i++)
        {
            if (_recalls[i] < target) continue;
            var ef = Ladder[i];
            if (i > 0)
            {
                // Between two sizes recall is nearly straight over the logarithm.
                var share = (target - _recalls[i - 1]) / (_recalls[i] - _recalls[i - 1]);
                ef = (int)Math.Ceiling(Ladder[i - 1] * Math.Pow((double)Ladder[i] / Ladder[i - 1], share));
            }
            // The pool holds so many times the neighbours wanted; what it was measured for is the least.
            return (int)Math.Min(int.MaxValue, (long)ef * Math.Max(results, Neighbors) / Neighbors);
        }
        return null;
    }
}

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>Shares the probes of a second out among its looks: all while the daemon has little to do, fewer the busier it is, and a tenth from nine twentieths of its processors on.</summary>
/// <param name="looksASecond">How often it is asked.</param>
internal sealed class ProbePace(int looksASecond)
{
    private const double LeastShare = 0.1;

    private double _due;

    /// <summary>How many are due now; what is left of one is due later.</summary>
    /// <param name="aSecond">How many a second while there is little else to do.</param>
    /// <param name="busy">Share of its processors that the daemon used lately, 0 to 1.</param>
    public int Next(int aSecond, double busy)
    {
        _due += Math.Max(LeastShare, 1 - (2 * busy)) * aSecond / looksASecond;
        var now = (int)_due;
        _due -= now;
        return now;
    }
}

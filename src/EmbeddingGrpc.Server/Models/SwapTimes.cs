using System.Globalization;

namespace EmbeddingGrpc.Server.Models;

/// <summary>How long it took until a generation that is on disk served, step by step. Immutable.</summary>
/// <param name="Open">Reading it and checking every byte.</param>
/// <param name="WarmUp">Searching it before anybody else does.</param>
/// <param name="FoldIn">Folding in what came since its training.</param>
/// <param name="Point">Making it the one that a start serves, on disk, and the one that answers.</param>
/// <param name="LongestRecall">The longest that a recall took that ended meanwhile, in the engine, from a validated query to its encoded answer; zero where none did.</param>
public readonly record struct SwapTimes(TimeSpan Open, TimeSpan WarmUp, TimeSpan FoldIn, TimeSpan Point, TimeSpan LongestRecall)
{
    /// <summary>All steps.</summary>
    public TimeSpan Total => Open + WarmUp + FoldIn + Point;

    /// <summary>For a line of the log; times in seconds.</summary>
    public override string ToString()
    {
        var recalls = LongestRecall == TimeSpan.Zero ? "no recalls meanwhile" : Invariant($"the longest recall meanwhile {LongestRecall.TotalSeconds:0.0000} s");
        return Invariant($"{Total.TotalSeconds:0.000} s: opened in {Open.TotalSeconds:0.000}, warmed up in {WarmUp.TotalSeconds:0.000}, ")
            + Invariant($"folded in in {FoldIn.TotalSeconds:0.000}, pointed at in {Point.TotalSeconds:0.000}; {recalls}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

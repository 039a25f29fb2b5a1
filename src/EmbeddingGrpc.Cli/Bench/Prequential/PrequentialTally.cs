namespace EmbeddingGrpc.Cli.Bench.Prequential;

/// <summary>Counts the hits of one question over a replay. One thread.</summary>
/// <param name="steps">Steps of the whole replay.</param>
internal sealed class PrequentialTally(int steps)
{
    /// <summary>Parts of the replay that have a figure of their own.</summary>
    public const int Periods = 10;

    private readonly long[] _asked = new long[Periods];
    private readonly long[] _hits = new long[Periods];
    private long _newAsked;
    private long _newHits;
    private long _named;
    private long _newNamed;

    /// <summary>Steps asked.</summary>
    public long Asked => _asked.Sum();

    /// <summary>Steps whose item is one that came after the first training and was seen before.</summary>
    public long NewAsked => _newAsked;

    /// <summary>Hits among those.</summary>
    public long NewHits => _newHits;

    /// <summary>Share of the steps whose item was in the list.</summary>
    public double HitRate => Share(_hits.Sum(), Asked);

    /// <summary>The same of <see cref="NewAsked"/>.</summary>
    public double NewHitRate => Share(_newHits, _newAsked);

    /// <summary>Share of such items in the lists.</summary>
    public double NewShare => Share(_newNamed, _named);

    /// <summary>Hit rates of the replay's parts, in order.</summary>
    public IReadOnlyList<double> HitRates => [.. _hits.Zip(_asked, Share)];

    /// <summary>Counts one step.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="item">What the user did.</param>
    /// <param name="isNew">Whether that came after the first training and was seen before.</param>
    /// <param name="list">What was recalled just before.</param>
    /// <param name="cameLater">Whether an item came after the first training.</param>
    public void Add(int step, string item, bool isNew, IReadOnlyCollection<string> list, Func<string, bool> cameLater)
    {
        var period = (int)((long)step * Periods / steps);
        var hit = list.Contains(item) ? 1 : 0;
        _asked[period]++;
        _hits[period] += hit;
        _newAsked += isNew ? 1 : 0;
        _newHits += isNew ? hit : 0;
        _named += list.Count;
        _newNamed += list.Count(cameLater);
    }

    private static double Share(long part, long all) => all == 0 ? 0 : (double)part / all;
}

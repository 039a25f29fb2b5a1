namespace EmbeddingGrpc.Server.Pipeline.Graph;

/// <summary>
/// The time of the graph: weights at time t count 2^(t / half-life), so that nothing needs touching as time passes (forward decay, Cormode et
/// al., ICDE 2009). The power is kept in the range of a float by a change of unit every <see cref="HalfLivesPerEpoch"/> half-lives, which each
/// node makes when it is next touched. One writer, wait-free readers.
/// </summary>
internal sealed class GraphClock(TimeSpan halfLife)
{
    private const long Unset = long.MinValue;
    private const int HalfLivesPerEpoch = 64;

    private readonly double _halfLifeMs = halfLife.TotalMilliseconds;
    private long _originMs = Unset;
    private long _latestMs = Unset;
    private int _epoch;

    /// <summary>Model time after which a connection counts half.</summary>
    public TimeSpan HalfLife { get; } = halfLife;

    /// <summary>Time of the first interaction, in milliseconds since the Unix epoch; the smallest value before it.</summary>
    public long OriginMs => Volatile.Read(ref _originMs);

    /// <summary>The highest time of an interaction.</summary>
    public long LatestMs => Volatile.Read(ref _latestMs);

    /// <summary>The unit of weights now.</summary>
    public int Epoch => Volatile.Read(ref _epoch);

    /// <summary>What brings weights of one unit to another.</summary>
    public static float Factor(int from, int to) => from == to ? 1 : (float)double.Exp2(((double)from - to) * HalfLivesPerEpoch);

    /// <summary>What a connection at a time counts, in units of <see cref="Epoch"/>, which moves on if it must. Writer only.</summary>
    public float WeightAt(long timeMs)
    {
        if (_originMs == Unset) Volatile.Write(ref _originMs, timeMs);
        if (timeMs > _latestMs) Volatile.Write(ref _latestMs, timeMs);
        var halfLives = (timeMs - _originMs) / _halfLifeMs;
        var epoch = (int)Math.Floor(halfLives / HalfLivesPerEpoch);
        if (epoch > _epoch) Volatile.Write(ref _epoch, epoch);
        return (float)double.Exp2(halfLives - ((double)_epoch * HalfLivesPerEpoch));
    }

    /// <summary>Continues from a checkpoint.</summary>
    /// <returns>
    /// What brings weights of the checkpoint's last epoch to the unit of now. With another half-life, they are taken as if all of them had come at
    /// the latest time, with the weight that they have by then.
    /// </returns>
    public float Restore(TimeSpan halfLife, long originMs, long latestMs, int epoch)
    {
        (_originMs, _latestMs, _epoch) = (originMs, latestMs, epoch);
        if (halfLife == HalfLife || originMs == Unset) return 1;
        (_originMs, _epoch) = (latestMs, 0);
        return (float)double.Exp2(((double)epoch * HalfLivesPerEpoch) - ((latestMs - originMs) / halfLife.TotalMilliseconds));
    }
}

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>Pauses between connections: doubling, bounded, and shortened by a random part so that clients do not come back together.</summary>
internal sealed class ReconnectBackoff
{
    private readonly TimeSpan _initial;
    private readonly TimeSpan _maximum;
    private readonly Random _random;
    private TimeSpan _ceiling;

    /// <param name="initial">The first pause.</param>
    /// <param name="maximum">The longest pause.</param>
    /// <param name="random">Draws the part that is taken off.</param>
    public ReconnectBackoff(TimeSpan initial, TimeSpan maximum, Random random)
    {
        _initial = initial;
        _maximum = maximum;
        _random = random;
        _ceiling = initial;
    }

    /// <summary>The next pause: between half of its ceiling and all of it.</summary>
    /// <param name="atLeast">What the daemon asked for, if it did.</param>
    public TimeSpan Next(TimeSpan? atLeast = null)
    {
        var pause = _ceiling * (0.5 + 0.5 * _random.NextDouble());
        _ceiling = _ceiling * 2 < _maximum ? _ceiling * 2 : _maximum;
        return atLeast > pause ? atLeast.Value : pause;
    }

    /// <summary>The daemon is well again: begin with the first pause.</summary>
    public void Reset() => _ceiling = _initial;
}

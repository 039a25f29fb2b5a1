using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>How far the log may run ahead of the applier: as far as the applier, at the pace that it keeps, catches up with within a given time. One thread.</summary>
/// <remarks>
/// What must be replayed at a start is no reason to take no events: while it is, the log may run ahead by half of what has been replayed, so that both get on
/// and the distance shrinks all the same.
/// </remarks>
internal sealed class ApplyPace
{
    // One large request must always have its place.
    private const long LeastLead = 2 * IngestOptions.MaximumRequestInteractions;

    // Entries that one measurement takes at least: fewer say more of the clock than of the pace.
    private const long Sample = 4096;

    private const double Smoothing = 0.2;

    private readonly double _lagSeconds;
    private readonly long _start;
    private readonly long _replay;
    private double _entriesPerSecond = 200_000;
    private long _sampleEntries;
    private double _sampleSeconds;

    /// <summary>Begins.</summary>
    /// <param name="lag">How long what is admitted last may take to be applied.</param>
    /// <param name="start">The applied offset.</param>
    /// <param name="end">Where the log ends by then.</param>
    public ApplyPace(TimeSpan lag, LogOffset start, LogOffset end) =>
        (_lagSeconds, _start, _replay) = (lag.TotalSeconds, start.Value, Math.Max(0, end.Value - start.Value));

    /// <summary>Notes how long entries took to be applied, waiting for them not counted.</summary>
    public void Note(long entries, TimeSpan elapsed)
    {
        _sampleEntries += entries;
        _sampleSeconds += elapsed.TotalSeconds;
        if (_sampleEntries < Sample || _sampleSeconds <= 0) return;
        _entriesPerSecond += Smoothing * ((_sampleEntries / _sampleSeconds) - _entriesPerSecond);
        (_sampleEntries, _sampleSeconds) = (0, 0);
    }

    /// <summary>Where the log must end before more may be admitted.</summary>
    /// <param name="applied">The applied offset.</param>
    public LogOffset AdmitBefore(LogOffset applied)
    {
        var lead = Math.Max(LeastLead, (long)(_entriesPerSecond * _lagSeconds));
        var replayLeft = Math.Max(0, _replay - ((applied.Value - _start) / 2));
        return new LogOffset(applied.Value + lead + replayLeft);
    }
}

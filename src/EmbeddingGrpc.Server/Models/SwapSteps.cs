namespace EmbeddingGrpc.Server.Models;

/// <summary>Times the steps of one swap, as they end. One thread.</summary>
internal sealed class SwapSteps
{
    private readonly TimeProvider _time;
    private readonly LongestRecall _recalls;
    private long _since;
    private SwapTimes _times;

    /// <summary>The swap begins.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="recalls">Of the generations' model.</param>
    public SwapSteps(TimeProvider time, LongestRecall recalls)
    {
        (_time, _recalls, _since) = (time, recalls, time.GetTimestamp());
        _recalls.Take();
    }

    /// <summary>It is read.</summary>
    public void Opened() => _times = _times with { Open = Step() };

    /// <summary>It is warm.</summary>
    public void Warmed() => _times = _times with { WarmUp = Step() };

    /// <summary>What came since its training is folded in.</summary>
    public void CaughtUp() => _times = _times with { FoldIn = Step() };

    /// <summary>It serves.</summary>
    public SwapTimes Serves() => _times with { Point = Step(), LongestRecall = _recalls.Take() };

    private TimeSpan Step()
    {
        var began = _since;
        _since = _time.GetTimestamp();
        return _time.GetElapsedTime(began, _since);
    }
}

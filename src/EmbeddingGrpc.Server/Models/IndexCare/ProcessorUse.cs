namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>What this process uses of the processors that it may use. One thread.</summary>
internal sealed class ProcessorUse(TimeProvider time)
{
    private long _at = time.GetTimestamp();
    private TimeSpan _used = Environment.CpuUsage.TotalTime;

    /// <summary>The share of them that it used since this was last asked for, 0 to 1.</summary>
    public double Next()
    {
        var (at, used) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var elapsed = time.GetElapsedTime(_at, at) * Environment.ProcessorCount;
        var share = elapsed > TimeSpan.Zero ? Math.Clamp((used - _used) / elapsed, 0, 1) : 0;
        (_at, _used) = (at, used);
        return share;
    }
}

namespace EmbeddingGrpc.Server.Recall.Admission;

/// <summary>There is more to search than this daemon can. Nothing was done; another daemon, or a later call, may be answered.</summary>
public sealed class RecallOverloadedException(int waiting, TimeSpan maximumWait, TimeSpan retryAfter)
    : Exception($"The daemon has more recalls than it can answer within {maximumWait.TotalMilliseconds:0} ms ({waiting} wait). Call again later, or another daemon.")
{
    /// <summary>When to call again at the earliest; different for each call, so that those refused together do not come back together.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}

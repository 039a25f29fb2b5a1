namespace EmbeddingGrpc.EventLog;

/// <summary>The log cannot take writes.</summary>
public sealed class LogUnavailableException(string message, bool retryMayHelp, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>True where the cause may pass (a full disk); false where only a restart helps (a failed fsync).</summary>
    public bool RetryMayHelp { get; } = retryMayHelp;
}

using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog.Appending;

internal static partial class AppenderLog
{
    [LoggerMessage(2110, LogLevel.Critical, "The event log takes no more writes until it is opened again.")]
    public static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(2111, LogLevel.Error, "There is no room for a group of the event log; its batches were refused and may be sent again.")]
    public static partial void NoSpace(ILogger logger, Exception exception);

    [LoggerMessage(2112, LogLevel.Error, "The event log could not be closed with a mark. What was acknowledged after an fsync is on disk.")]
    public static partial void CloseFailed(ILogger logger, Exception exception);
}

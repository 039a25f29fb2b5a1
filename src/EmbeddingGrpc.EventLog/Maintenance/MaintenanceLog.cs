using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog.Maintenance;

internal static partial class MaintenanceLog
{
    [LoggerMessage(2120, LogLevel.Information, "Removed {Segments} old segments of the event log, {Bytes} bytes; it begins at offset {Offset} now.")]
    public static partial void Removed(ILogger logger, int segments, long bytes, long offset);

    [LoggerMessage(2121, LogLevel.Information, "Erased {Entries} entries from the event log and rewrote {Segments} segments for it.")]
    public static partial void Erased(ILogger logger, long entries, int segments);
}

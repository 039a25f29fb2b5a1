using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.EventLog.Recovery;

internal static partial class RecoveryLog
{
    [LoggerMessage(2100, LogLevel.Information, "Event log {Directory} is open; it ends at offset {Offset}.")]
    public static partial void Opened(ILogger logger, string directory, long offset);

    [LoggerMessage(2101, LogLevel.Warning,
        "Cut a torn tail off {Path} at byte {Position}: {Bytes} bytes, {Entries} whole entries in them. The log ends at offset {Offset}. "
        + "Nothing that was acknowledged after an fsync is lost.")]
    public static partial void TornTail(ILogger logger, string path, long position, long bytes, long entries, long offset);
}

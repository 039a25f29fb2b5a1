namespace EmbeddingGrpc.EventLog;

/// <summary>A committed part of the log is damaged. It is never skipped in silence.</summary>
public sealed class LogCorruptException(string file, long position, string reason)
    : Exception($"The log is corrupt: {file} at byte {position}: {reason}")
{
    /// <summary>The damaged file.</summary>
    public string File { get; } = file;

    /// <summary>Byte position of the damaged group.</summary>
    public long Position { get; } = position;
}

namespace EmbeddingGrpc.EventLog;

/// <summary>
/// A committed part of the log is damaged. It is never skipped in silence: <see cref="Inspection.LogInspector.Salvage(string, TimeProvider, CancellationToken)"/> gives it
/// up on purpose.
/// </summary>
public sealed class LogCorruptException(string file, long position, string reason)
    : Exception($"The log is corrupt: {file} at byte {position}: {reason}. 'embedctl log salvage {Path.GetDirectoryName(file)}' keeps what can be read.")
{
    /// <summary>What is wrong.</summary>
    public string Reason { get; } = reason;

    /// <summary>The damaged file.</summary>
    public string File { get; } = file;

    /// <summary>Byte position of the damaged group.</summary>
    public long Position { get; } = position;
}

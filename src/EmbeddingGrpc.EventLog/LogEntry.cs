namespace EmbeddingGrpc.EventLog;

/// <summary>One entry as read back from the log.</summary>
/// <param name="Offset">Its place.</param>
/// <param name="Interaction">The interaction; empty where <paramref name="Record"/> is set.</param>
/// <param name="Record">What it is if it is no interaction. <see cref="InteractionLog.Scan"/> yields none of these.</param>
public readonly record struct LogEntry(LogOffset Offset, Interaction Interaction, LogRecord? Record = null)
{
    /// <summary>True where <see cref="Interaction"/> is set.</summary>
    public bool IsInteraction => Record is null;
}

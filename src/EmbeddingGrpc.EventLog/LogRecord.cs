namespace EmbeddingGrpc.EventLog;

/// <summary>An entry of the log that is not an interaction. Immutable; it takes an offset like any other entry.</summary>
public abstract record LogRecord
{
    private protected LogRecord()
    {
    }
}

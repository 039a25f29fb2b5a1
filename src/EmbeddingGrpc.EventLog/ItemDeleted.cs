namespace EmbeddingGrpc.EventLog;

/// <summary>An item was deleted.</summary>
/// <param name="ItemId">1..256 bytes of UTF-8 without control characters.</param>
public sealed record ItemDeleted(string ItemId) : LogRecord;

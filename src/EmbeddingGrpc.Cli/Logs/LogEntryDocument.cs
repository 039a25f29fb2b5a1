using System.Globalization;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Cli.Logs;

/// <summary>One entry of a log for people and programs. What an entry's kind does not have is null.</summary>
internal sealed record LogEntryDocument(
    long Offset, string Kind, string? UserId = null, string? ItemId = null, DateTimeOffset? EventTime = null, float? Weight = null, string? RecallId = null)
{
    public static LogEntryDocument Of(LogEntry entry)
    {
        var offset = entry.Offset.Value;
        if (entry.IsInteraction)
        {
            var interaction = entry.Interaction;
            return new LogEntryDocument(
                offset,
                interaction.Type.ToString().ToLowerInvariant(),
                interaction.UserId,
                interaction.ItemId,
                DateTimeOffset.FromUnixTimeMilliseconds(interaction.EventTimeMs),
                interaction.Weight,
                interaction.RecallId);
        }
        return entry.Record switch
        {
            ItemUpserted upserted => new LogEntryDocument(offset, "item_upserted", ItemId: upserted.ItemId),
            ItemDeleted deleted => new LogEntryDocument(offset, "item_deleted", ItemId: deleted.ItemId),
            // A hash: nobody's name.
            UserErased erased => new LogEntryDocument(offset, "user_erased", UserId: Convert.ToHexStringLower(erased.UserHash.Span)),
            var other => new LogEntryDocument(offset, other?.GetType().Name ?? "unknown"),
        };
    }

    /// <summary>Tab-separated: offset, kind, user, item, time, weight, recall.</summary>
    public string ToLine() => string.Join(
        '\t',
        Offset.ToString(CultureInfo.InvariantCulture),
        Kind,
        UserId,
        ItemId,
        EventTime?.ToString("yyyy-MM-ddTHH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        Weight?.ToString("R", CultureInfo.InvariantCulture),
        RecallId);
}

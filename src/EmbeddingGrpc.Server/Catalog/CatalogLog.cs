namespace EmbeddingGrpc.Server.Catalog;

/// <summary>What the catalogue writes to the log of the daemon; never a user's or an item's name. Event ids are stable: 2100-2199.</summary>
internal static partial class CatalogLog
{
    [LoggerMessage(2110, LogLevel.Information, "Erased users of model '{Model}': {Entries} interactions taken out of {Segments} files")]
    public static partial void UserErased(ILogger logger, string model, long entries, int segments);

    [LoggerMessage(2111, LogLevel.Warning, "Finishing {Count} erasures of model '{Model}' that were interrupted")]
    public static partial void FinishingErasures(ILogger logger, int count, string model);

    [LoggerMessage(2112, LogLevel.Information, "Purged items of model '{Model}': {Records} records taken out of {Segments} files")]
    public static partial void ItemsPurged(ILogger logger, string model, long records, int segments);

    [LoggerMessage(2113, LogLevel.Warning, "Finishing {Count} purges of model '{Model}' that were interrupted")]
    public static partial void FinishingPurges(ILogger logger, int count, string model);
}

namespace EmbeddingGrpc.Server.Models.IndexCare;

/// <summary>What looking after the indexes writes to the log of the daemon. Event ids are stable: 2060-2069.</summary>
internal static partial class IndexCareLog
{
    [LoggerMessage(2060, LogLevel.Error, "Index '{Index}' of model '{Model}' had {Orphans} of {Items} items that no search could reach; they are linked again")]
    public static partial void Repaired(ILogger logger, string model, string index, int orphans, int items);

    [LoggerMessage(2061, LogLevel.Information, "Index '{Index}' of model '{Model}' was built anew with {Items} items, without {Tombstones} that are deleted")]
    public static partial void Compacted(ILogger logger, string model, string index, int items, int tombstones);

    [LoggerMessage(2062, LogLevel.Information, "Index '{Index}' of model '{Model}' was calibrated for {Items} items")]
    public static partial void Calibrated(ILogger logger, string model, string index, int items);

    [LoggerMessage(2063, LogLevel.Error, "The indexes of model '{Model}' could not be looked after, trying again: {Reason}")]
    public static partial void Failed(ILogger logger, Exception exception, string model, string reason);
}

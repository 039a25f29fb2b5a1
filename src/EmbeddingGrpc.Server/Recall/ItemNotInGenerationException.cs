namespace EmbeddingGrpc.Server.Recall;

/// <summary>A query named items of which the serving generation knows none.</summary>
public sealed class ItemNotInGenerationException(string itemId, string generation, string message) : Exception(message)
{
    /// <summary>The item, or the newest item of a session.</summary>
    public string ItemId { get; } = itemId;

    /// <summary>The generation that was asked.</summary>
    public string Generation { get; } = generation;
}

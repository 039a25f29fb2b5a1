namespace EmbeddingGrpc.Server.Recall;

/// <summary>Items similar to an item.</summary>
/// <param name="ItemId">The item.</param>
public sealed record ItemSubject(string ItemId) : RecallSubject
{
    /// <inheritdoc/>
    public override RecallKind Kind => RecallKind.Item;
}

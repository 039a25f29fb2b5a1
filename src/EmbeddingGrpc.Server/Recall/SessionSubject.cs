namespace EmbeddingGrpc.Server.Recall;

/// <summary>Items that go on from a list of recent items.</summary>
/// <param name="Items">Oldest first, 1..<see cref="MaximumItems"/>.</param>
public sealed record SessionSubject(IReadOnlyList<SessionEntry> Items) : RecallSubject
{
    /// <summary>Most items a session may list.</summary>
    public const int MaximumItems = 1000;

    /// <inheritdoc/>
    public override RecallKind Kind => RecallKind.Session;
}

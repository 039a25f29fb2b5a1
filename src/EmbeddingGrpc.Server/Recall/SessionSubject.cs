namespace EmbeddingGrpc.Server.Recall;

/// <summary>Items that go on from a list of recent items.</summary>
/// <param name="Items">Oldest first, 1..<see cref="MaximumItems"/>.</param>
public sealed record SessionSubject(IReadOnlyList<SessionEntry> Items) : RecallSubject
{
    /// <summary>Most items a session may list.</summary>
    public const int MaximumItems = 1000;

    /// <inheritdoc/>
    public override RecallKind Kind => RecallKind.Session;

    /// <inheritdoc/>
    public override string? HistoryOf => UserId;

    /// <summary>Whose session it is; null for nobody's.</summary>
    public string? UserId { get; init; }

    /// <summary>The part of the query that is the user's stored history's, 0..1; null for the configured one.</summary>
    public double? HistoryWeight { get; init; }
}

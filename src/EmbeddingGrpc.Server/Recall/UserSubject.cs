namespace EmbeddingGrpc.Server.Recall;

/// <summary>Items for a user, from the user's own recent history.</summary>
/// <param name="UserId">The user.</param>
public sealed record UserSubject(string UserId) : RecallSubject
{
    /// <summary>Least half-life that can be asked for.</summary>
    public static readonly TimeSpan LeastHalfLife = TimeSpan.FromSeconds(1);

    /// <summary>Most half-life that can be asked for.</summary>
    public static readonly TimeSpan MostHalfLife = TimeSpan.FromDays(36_500);

    /// <inheritdoc/>
    public override RecallKind Kind => RecallKind.User;

    /// <inheritdoc/>
    public override string? HistoryOf => UserId;

    /// <summary>Event time after which an item of the history pulls half as much; null: by its place in the history, whatever time has passed.</summary>
    public TimeSpan? HalfLife { get; init; }
}

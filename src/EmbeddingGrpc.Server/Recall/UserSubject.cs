namespace EmbeddingGrpc.Server.Recall;

/// <summary>Items for a user, from the user's own recent history.</summary>
/// <param name="UserId">The user.</param>
public sealed record UserSubject(string UserId) : RecallSubject
{
    /// <inheritdoc/>
    public override RecallKind Kind => RecallKind.User;
}

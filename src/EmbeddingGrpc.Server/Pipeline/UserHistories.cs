namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>The most recent interactions of each user, in time order, bounded in length and in users. One writer (the applier), readers take a copy.</summary>
public sealed class UserHistories
{
    /// <summary>Users with a history.</summary>
    public int UserCount => throw new NotImplementedException();

    /// <summary>Interactions kept for a user at most.</summary>
    public int MaximumLength => throw new NotImplementedException();

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => throw new NotImplementedException();

    /// <summary>Copies a user's history, oldest first.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="events">At least <see cref="MaximumLength"/> long.</param>
    /// <param name="count">Events written.</param>
    /// <param name="version">Changes with every change of this user's history, also over a restart: a cache key.</param>
    /// <returns>False for a user without a history.</returns>
    public bool TryRead(string userId, Span<HistoryEvent> events, out int count, out long version) => throw new NotImplementedException();
}

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>A user was asked for of whom nothing is known that could be compared.</summary>
public sealed class UserNotFoundException(string userId, string message) : Exception(message)
{
    /// <summary>The user.</summary>
    public string UserId { get; } = userId;
}

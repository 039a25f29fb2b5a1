namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>What one user did next, hidden from the recommender.</summary>
/// <param name="UserId">The user.</param>
/// <param name="ItemId">The hidden item.</param>
/// <param name="Seen">The items that the user had before; a recommender should not name them.</param>
internal sealed record HiddenItem(string UserId, string ItemId, IReadOnlySet<string> Seen);

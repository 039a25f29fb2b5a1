namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Who is like a user. Immutable.</summary>
/// <param name="Users">Most similar first.</param>
/// <param name="GenerationId">The generation whose vectors say so.</param>
public sealed record SimilarUserAnswer(IReadOnlyList<SimilarUser> Users, string GenerationId);

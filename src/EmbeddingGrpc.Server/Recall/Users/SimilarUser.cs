namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>A user who is like another.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Similarity">Cosine of the two users' vectors, -1..1.</param>
public readonly record struct SimilarUser(string UserId, float Similarity);

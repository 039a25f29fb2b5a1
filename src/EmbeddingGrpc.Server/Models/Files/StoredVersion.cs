namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>The one property of a stored JSON file that every version of its format keeps.</summary>
internal sealed record StoredVersion(int? FormatVersion);

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>The one property of a manifest that every version of the format keeps.</summary>
internal sealed record ManifestVersion(int? FormatVersion);

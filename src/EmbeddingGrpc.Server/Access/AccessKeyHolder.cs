namespace EmbeddingGrpc.Server.Access;

/// <summary>Whom a key belongs to.</summary>
/// <param name="Name">As the file calls it; told in errors.</param>
/// <param name="Roles">What it may do.</param>
internal sealed record AccessKeyHolder(string Name, AccessRole Roles);

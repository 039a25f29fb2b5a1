namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Keeps vectors of users alive for one request. Dispose exactly once.</summary>
/// <param name="vectors">What is leased; null for a lease of nothing.</param>
internal readonly struct UserVectorsLease(UserVectors? vectors) : IDisposable
{
    /// <summary>What is leased; null where the generation that was asked for does not serve any more.</summary>
    public UserVectors? Vectors => vectors;

    /// <inheritdoc/>
    public void Dispose() => vectors?.Release();
}

namespace EmbeddingGrpc.Server.Models;

/// <summary>Keeps a generation alive for one request. Dispose exactly once.</summary>
public readonly struct GenerationLease : IDisposable
{
    /// <summary>The leased generation.</summary>
    public Generation Generation => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}

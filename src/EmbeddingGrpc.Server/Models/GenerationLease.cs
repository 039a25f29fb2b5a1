namespace EmbeddingGrpc.Server.Models;

/// <summary>Keeps a generation alive for one request. Dispose exactly once.</summary>
public readonly struct GenerationLease : IDisposable
{
    private readonly Generation? _generation;

    internal GenerationLease(Generation generation) => _generation = generation;

    /// <summary>The leased generation.</summary>
    /// <exception cref="InvalidOperationException">The lease was not taken.</exception>
    public Generation Generation => _generation ?? throw new InvalidOperationException("No generation was leased.");

    /// <inheritdoc/>
    public void Dispose() => _generation?.Release();
}

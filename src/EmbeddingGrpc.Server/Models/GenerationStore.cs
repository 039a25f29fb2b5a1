namespace EmbeddingGrpc.Server.Models;

/// <summary>The serving generation of one model. Swapping is one write; a request leases once and keeps it to its end.</summary>
public sealed class GenerationStore
{
    /// <summary>Leases the serving generation.</summary>
    /// <returns>False while none serves.</returns>
    public bool TryLease(out GenerationLease lease) => throw new NotImplementedException();
}

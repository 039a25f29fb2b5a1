namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Every node.</summary>
internal readonly struct AdmitAll : IAdmission
{
    /// <inheritdoc/>
    public bool Admits(int node) => true;
}

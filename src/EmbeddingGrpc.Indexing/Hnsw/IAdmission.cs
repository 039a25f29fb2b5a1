using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Which nodes of layer 0 may be answered; a type, so that a walk that answers all is compiled without the question.</summary>
internal interface IAdmission
{
    /// <summary>Whether the node may be answered.</summary>
    bool Admits(int node);
}

/// <summary>Every node.</summary>
internal readonly struct AdmitAll : IAdmission
{
    /// <inheritdoc/>
    public bool Admits(int node) => true;
}

/// <summary>What a filter accepts.</summary>
internal readonly struct AdmitFiltered(IItemFilter filter) : IAdmission
{
    /// <inheritdoc/>
    public bool Admits(int node) => filter.Accepts(new ItemOrdinal(node));
}

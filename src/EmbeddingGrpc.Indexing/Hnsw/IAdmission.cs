namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Which nodes of layer 0 may be answered; a type, so that a walk that answers all is compiled without the question.</summary>
internal interface IAdmission
{
    /// <summary>Whether the node may be answered.</summary>
    bool Admits(int node);
}

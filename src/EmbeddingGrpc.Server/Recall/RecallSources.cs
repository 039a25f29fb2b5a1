namespace EmbeddingGrpc.Server.Recall;

/// <summary>Where candidates come from. The numbers are in cache keys: never change one.</summary>
[Flags]
public enum RecallSources : byte
{
    /// <summary>Nowhere.</summary>
    None = 0,

    /// <summary>The embeddings of the generation.</summary>
    Embedding = 1,

    /// <summary>The live item graph.</summary>
    Graph = 2,

    /// <summary>What is popular, where the others know nothing.</summary>
    Popular = 4,

    /// <summary>What else there is, where not even enough is popular.</summary>
    Catalog = 8,

    /// <summary>What similar users did lately. Only where it is named.</summary>
    SimilarUsers = 16,

    /// <summary>All that are asked where none is named.</summary>
    All = Embedding | Graph | Popular | Catalog,
}

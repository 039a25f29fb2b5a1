namespace EmbeddingGrpc.Server.Recall;

/// <summary>What made an answer. The numbers are on the wire: never change one.</summary>
public enum AnswerBasis : byte
{
    /// <summary>The embeddings of the query, blended with the live item graph where it has a history.</summary>
    Embedding = 1,

    /// <summary>Nothing follows from the query's items: the most popular ones.</summary>
    Popular = 2,

    /// <summary>The live item graph alone: the generation knows none of the query's items.</summary>
    Graph = 3,

    /// <summary>Nothing that may be answered is popular either: the newest of what else there is.</summary>
    Catalog = 4,

    /// <summary>What similar users did, and nothing else.</summary>
    SimilarUsers = 5,
}

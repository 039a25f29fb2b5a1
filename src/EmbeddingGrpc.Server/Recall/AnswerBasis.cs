namespace EmbeddingGrpc.Server.Recall;

/// <summary>What made an answer. The numbers are on the wire: never change one.</summary>
public enum AnswerBasis : byte
{
    /// <summary>The embeddings of the query, blended with the live item graph where it has a history.</summary>
    Embedding = 1,

    /// <summary>Nothing is known of the user: the most popular items.</summary>
    Popular = 2,

    /// <summary>The live item graph alone: the generation knows none of the query's items.</summary>
    Graph = 3,
}

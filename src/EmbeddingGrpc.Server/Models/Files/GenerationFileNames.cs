namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>Files of a generation beside its manifest.</summary>
internal static class GenerationFileNames
{
    /// <summary>The items.</summary>
    public const string Vocabulary = "vocabulary.bin";

    /// <summary>W1.</summary>
    public const string Input = "input.vectors";

    /// <summary>W2; absent where it has no row an item.</summary>
    public const string Output = "output.vectors";

    /// <summary>The space of similar items; absent where W1 serves as it is.</summary>
    public const string Similarity = "similarity.vectors";

    /// <summary>The graph over the space of similar items; absent where every row is scanned.</summary>
    public const string Similar = "similar.hnsw";

    /// <summary>The graph over W2; absent where every row is scanned, and where there is no W2.</summary>
    public const string Next = "next.hnsw";
}

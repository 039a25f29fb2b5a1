namespace EmbeddingGrpc.Indexing;

/// <summary>What near means. The score is always higher for nearer.</summary>
public enum SimilarityMetric
{
    /// <summary>Cosine of the angle; score in -1..1. A zero vector scores 0 against everything.</summary>
    Cosine = 0,

    /// <summary>Dot product; the score is the product.</summary>
    DotProduct = 1,

    /// <summary>Euclidean distance; the score is its negative.</summary>
    Euclidean = 2,
}

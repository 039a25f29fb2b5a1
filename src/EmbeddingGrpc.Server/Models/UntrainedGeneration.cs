using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// A generation of no items, by which a model that was never trained is asked: what needs no embeddings (the live graph, what is popular, what else there is)
/// answers as it does beside one that was trained.
/// </summary>
internal static class UntrainedGeneration
{
    /// <summary>Its id, which no other generation has.</summary>
    public const ulong Id = 0;

    /// <summary>Makes one; the caller owns it.</summary>
    /// <param name="items">Keys of the model's items.</param>
    public static Generation Make(ItemKeys items)
    {
        var vectors = VectorTable.FromMatrix(new EmbeddingMatrix(rows: 0, dimension: 1));
        var parts = new GenerationParts
        {
            Id = Id,
            Number = 0,
            Vocabulary = Vocabulary.Create([]),
            Input = vectors,
            Output = vectors,
            Similar = new ExactIndex(vectors, SimilarityMetric.Cosine),
            Next = new ExactIndex(vectors, SimilarityMetric.DotProduct),
        };
        return new Generation(parts, items);
    }
}

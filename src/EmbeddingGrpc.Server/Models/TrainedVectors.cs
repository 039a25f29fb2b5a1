using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Makes what a training left the vectors of a generation: one row an item in each table. With a hierarchical softmax the rows of W2 are nodes of a tree, which
/// nothing is asked of once it is trained: there is no such table then. Stateless.
/// </summary>
internal static class TrainedVectors
{
    /// <summary>Takes ownership of a training's matrices.</summary>
    /// <param name="trained">What the trainer made.</param>
    /// <param name="vocabulary">The items.</param>
    /// <param name="source">Which vectors similar items are searched in.</param>
    /// <param name="similarityShrinkage">See <see cref="SimilaritySpace"/>.</param>
    public static GenerationVectors Of(TrainedEmbeddings trained, Vocabulary vocabulary, SimilarVectors source, double similarityShrinkage)
    {
        // A row of its own for every item, and W2 rows that are items: then nothing is copied.
        var ownRows = trained.Map.DirectRows == trained.Map.Items;
        var input = ownRows ? trained.Input : trained.Vectors(VectorSource.Input);
        var output = OutputOf(trained, ownRows);
        var similarity = SimilarityOf(trained, input, output, vocabulary, source, similarityShrinkage);
        if (!ReferenceEquals(input, trained.Input)) trained.Input.Dispose();
        if (!ReferenceEquals(output, trained.Output)) trained.Output.Dispose();
        return new GenerationVectors(vocabulary, VectorTable.FromMatrix(input), output is null ? null : VectorTable.FromMatrix(output), similarity) { IsSmoothed = trained.IsSmoothed };
    }

    private static VectorTable? SimilarityOf(
        TrainedEmbeddings trained, EmbeddingMatrix input, EmbeddingMatrix? output, Vocabulary vocabulary, SimilarVectors source, double shrinkage)
    {
        if (source == SimilarVectors.Output) return VectorTable.FromMatrix(trained.Vectors(VectorSource.Output));
        if (source == SimilarVectors.Sum) return VectorTable.FromMatrix(trained.Vectors(VectorSource.Sum));
        if (source != SimilarVectors.Space || output is null || input.Dimension < SimilaritySpace.MinimumDimension) return null;
        return VectorTable.FromMatrix(SimilaritySpace.Build(input, output, vocabulary, shrinkage));
    }

    private static EmbeddingMatrix? OutputOf(TrainedEmbeddings trained, bool ownRows)
    {
        if (!trained.HasItemOutputs) return null;
        return ownRows ? trained.Output : trained.Vectors(VectorSource.Output);
    }
}

using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Makes what a training left the vectors of a generation: one row an item in each table. Stateless.</summary>
internal static class TrainedVectors
{
    /// <summary>Takes ownership of a training's matrices.</summary>
    /// <param name="trained">What the trainer made.</param>
    /// <param name="vocabulary">The items.</param>
    /// <param name="similarityShrinkage">See <see cref="SimilaritySpace"/>.</param>
    public static GenerationVectors Of(TrainedEmbeddings trained, Vocabulary vocabulary, double similarityShrinkage)
    {
        // A row of its own for every item, and W2 rows that are items: then nothing is copied.
        var ownRows = trained.Map.DirectRows == trained.Map.Items;
        var input = ownRows ? trained.Input : trained.Vectors(VectorSource.Input);
        var output = OutputOf(trained, input, ownRows);
        var similarity = trained.HasItemOutputs && input.Dimension >= SimilaritySpace.MinimumDimension
            ? VectorTable.FromMatrix(SimilaritySpace.Build(input, output, vocabulary, similarityShrinkage))
            : null;
        if (!ReferenceEquals(input, trained.Input)) trained.Input.Dispose();
        if (!ReferenceEquals(output, trained.Output)) trained.Output.Dispose();
        return new GenerationVectors(vocabulary, VectorTable.FromMatrix(input), VectorTable.FromMatrix(output), similarity);
    }

    private static EmbeddingMatrix OutputOf(TrainedEmbeddings trained, EmbeddingMatrix input, bool ownRows)
    {
        // With a hierarchical softmax the rows of W2 are nodes of a tree, not items: what comes next is then what is near.
        if (!trained.HasItemOutputs) return UnitRows.Of(input);
        return ownRows ? trained.Output : trained.Vectors(VectorSource.Output);
    }
}

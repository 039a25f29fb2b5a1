using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Vectors that a generation can be made of, trained here or elsewhere. Owns the tables.</summary>
/// <param name="Vocabulary">The items, in the order of the rows.</param>
/// <param name="Input">W1, [items, dimension].</param>
/// <param name="Output">W2, [items, dimension]; null where its rows are no items.</param>
/// <param name="Similarity">The space in which similar items are searched, [items, dimension]; null for W1 as it is.</param>
internal sealed record GenerationVectors(Vocabulary Vocabulary, VectorTable Input, VectorTable? Output, VectorTable? Similarity) : IDisposable
{
    /// <summary>Whether they are smoothed.</summary>
    public bool IsSmoothed { get; init; }

    /// <summary>What similar items are searched in.</summary>
    public VectorTable Similar => Similarity ?? Input;

    /// <summary>W2, for who knows that its rows are items.</summary>
    /// <exception cref="InvalidOperationException">They are not.</exception>
    public VectorTable ItemOutputs => Output ?? throw new InvalidOperationException("With a hierarchical softmax there are no output vectors of items.");

    /// <summary>For a training that goes on from them, while they live.</summary>
    /// <exception cref="InvalidOperationException">W2 has no row an item.</exception>
    public WarmStart ToWarmStart() => new(Vocabulary, Input, ItemOutputs) { IsSmoothed = IsSmoothed };

    /// <summary>Bytes of the tables.</summary>
    public long SizeBytes => Input.SizeBytes + (Output?.SizeBytes ?? 0) + (Similarity?.SizeBytes ?? 0);

    public void Dispose()
    {
        Input.Dispose();
        Output?.Dispose();
        Similarity?.Dispose();
    }
}

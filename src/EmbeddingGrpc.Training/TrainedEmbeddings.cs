using System.Numerics.Tensors;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>What a training made. The receiver disposes it, or takes the matrices and does not.</summary>
/// <param name="Input">W1, [items, dimension]; with shared rows [rows of <see cref="Map"/>, dimension].</param>
/// <param name="Output">W2, of the same shape; with hierarchical softmax [tree nodes, dimension].</param>
/// <param name="WordsTrained">Interactions seen over all epochs, before subsampling.</param>
/// <param name="Elapsed">Training alone, without reading and building the corpus.</param>
/// <param name="FinalLoss">Mean loss of a pair over the last interval.</param>
public sealed record TrainedEmbeddings(EmbeddingMatrix Input, EmbeddingMatrix Output, long WordsTrained, TimeSpan Elapsed, double FinalLoss) : IDisposable
{
    /// <summary>Which rows make an item's vector.</summary>
    public HashedRows Map { get; init; } = HashedRows.None(Input.Rows);

    /// <summary>Whether the rows of <see cref="Output"/> are items. With hierarchical softmax they are tree nodes.</summary>
    public bool HasItemOutputs { get; init; } = true;

    /// <summary>The epochs that it has, where they are fewer than asked for because more would have done harm; null where not. Everything was trained in them.</summary>
    public int? BestEpochs { get; init; }

    /// <summary>
    /// How well what was held out was found after each fifth of the epochs, 0..1, where the training was watched for early stopping; empty where it was not. Ends
    /// where it was stopped.
    /// </summary>
    public IReadOnlyList<double> ValidationScores { get; init; } = [];

    /// <summary>Whether the vectors are smoothed (<see cref="TrainingOptions.Smoothing"/>): what goes on from them must know (<see cref="WarmStart.IsSmoothed"/>).</summary>
    public bool IsSmoothed { get; init; }

    /// <summary>What was given up for the time limit.</summary>
    public TrainingTrade Trade { get; init; }

    /// <summary>Speed of training.</summary>
    public double WordsPerSecond => WordsTrained / Math.Max(Elapsed.TotalSeconds, 1e-9);

    /// <summary>
    /// One vector an item, [items, dimension], in a matrix of its own that the caller disposes. Where no rows are shared, W1 and W2 may
    /// be taken from <see cref="Input"/> and <see cref="Output"/> themselves without the copy.
    /// </summary>
    /// <exception cref="InvalidOperationException">The source needs W2 rows of items, and they are tree nodes.</exception>
    public EmbeddingMatrix Vectors(VectorSource source)
    {
        var vectors = new EmbeddingMatrix(Map.Items, Input.Dimension);
        try
        {
            for (int item = 0; item < Map.Items; item++)
            {
                CopyVector(source, new ItemOrdinal(item), vectors[new ItemOrdinal(item)]);
            }
        }
        catch
        {
            vectors.Dispose();
            throw;
        }

        return vectors;
    }

    /// <summary>Copies one item's vector, which shared rows are put together for.</summary>
    /// <param name="source">Which vector.</param>
    /// <param name="item">The item.</param>
    /// <param name="vector">[dimension]; overwritten.</param>
    /// <exception cref="InvalidOperationException">The source needs W2 rows of items, and they are tree nodes.</exception>
    public void CopyVector(VectorSource source, ItemOrdinal item, Span<float> vector)
    {
        if (source != VectorSource.Input && !HasItemOutputs)
        {
            throw new InvalidOperationException(
                $"VectorSource {source} needs output vectors of items; with hierarchical softmax they belong to tree nodes. Use VectorSource {nameof(VectorSource.Input)}.");
        }

        switch (source)
        {
            case VectorSource.Input:
                CopyVector(Input, item.Value, vector);
                break;
            case VectorSource.Output:
                CopyVector(Output, item.Value, vector);
                break;
            default:
                AddVectors(item.Value, vector);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
    }

    internal void CopyVector(EmbeddingMatrix matrix, int item, Span<float> vector)
    {
        if (item < Map.DirectRows)
        {
            matrix[new ItemOrdinal(item)].CopyTo(vector);
            return;
        }

        var (first, second) = Map.Of(item);
        TensorPrimitives.Add<float>(matrix[new ItemOrdinal(first)], matrix[new ItemOrdinal(second)], vector);
        TensorPrimitives.Multiply(vector, HashedRows.Share, vector);
    }

    private void AddVectors(int item, Span<float> vector)
    {
        Span<float> output = stackalloc float[vector.Length];
        CopyVector(Input, item, vector);
        CopyVector(Output, item, output);
        TensorPrimitives.Add(vector, output, vector);
    }
}

using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Training;

/// <summary>What a training made. The receiver disposes it, or takes the matrices and does not.</summary>
/// <param name="Input">W1, [items, dimension].</param>
/// <param name="Output">W2, [items, dimension].</param>
/// <param name="WordsTrained">Interactions seen over all epochs, before subsampling.</param>
/// <param name="Elapsed">Training alone, without reading and building the corpus.</param>
/// <param name="FinalLoss">Mean loss of a pair over the last interval.</param>
public sealed record TrainedEmbeddings(EmbeddingMatrix Input, EmbeddingMatrix Output, long WordsTrained, TimeSpan Elapsed, double FinalLoss) : IDisposable
{
    /// <summary>Speed of training.</summary>
    public double WordsPerSecond => WordsTrained / Math.Max(Elapsed.TotalSeconds, 1e-9);

    /// <inheritdoc/>
    public void Dispose()
    {
        Input.Dispose();
        Output.Dispose();
    }
}

namespace EmbeddingGrpc.Training;

/// <summary>What a training gave up to end within <see cref="TrainingOptions.MaximumSeconds"/>.</summary>
/// <param name="RequestedEpochs">Passes over the history that were asked for.</param>
/// <param name="Epochs">Passes made; below one, the share of the history that was seen.</param>
/// <param name="RequestedDimension">Floats of a vector that were asked for.</param>
/// <param name="Dimension">Floats of a vector.</param>
/// <param name="HistoryShare">Share of the history that was seen at least once, 0..1.</param>
public readonly record struct TrainingTrade(int RequestedEpochs, double Epochs, int RequestedDimension, int Dimension, double HistoryShare)
{
    /// <summary>Whether the vectors were not smoothed, though that was asked for.</summary>
    public bool GaveUpSmoothing { get; init; }

    /// <summary>Whether anything was given up.</summary>
    public bool GaveUp => Epochs < RequestedEpochs * 0.999 || Dimension < RequestedDimension || GaveUpSmoothing;
}

namespace EmbeddingGrpc.Training;

/// <summary>
/// What one training thread has done. Written by that thread, read by the one that reports: each number may be slightly old, none is torn.
/// </summary>
internal sealed class TrainingTally
{
    private double _lossSum;
    private long _lossCount;

    /// <summary>Interactions seen, before subsampling.</summary>
    public long Words;

    /// <summary>Centers trained.</summary>
    public long Centers;

    /// <summary>Sum of the measured losses.</summary>
    public double LossSum => Volatile.Read(ref _lossSum);

    /// <summary>Number of the measured losses.</summary>
    public long LossCount => Volatile.Read(ref _lossCount);

    public void AddLoss(double loss)
    {
        _lossSum += loss;
        _lossCount++;
    }
}

namespace EmbeddingGrpc.Server.Cache;

/// <summary>An average that follows what it is told. Any number of threads; of two samples at the same moment one may be lost, which an average survives.</summary>
internal sealed class MovingAverage
{
    private const double Newest = 1.0 / 16;

    private double _value;
    private int _samples;

    /// <summary>The average.</summary>
    public double Value => Volatile.Read(ref _value);

    /// <summary>Samples it was told, as far as it counts.</summary>
    public int Samples => Volatile.Read(ref _samples);

    /// <summary>Takes a sample.</summary>
    /// <param name="sample">The sample.</param>
    /// <param name="weight">Its weight against all before it; the first few weigh alike.</param>
    public void Add(double sample, double weight = Newest)
    {
        var samples = _samples;
        var share = Math.Max(weight, 1.0 / (samples + 1));
        Volatile.Write(ref _value, _value + (share * (sample - _value)));
        if (samples < int.MaxValue) Volatile.Write(ref _samples, samples + 1);
    }
}

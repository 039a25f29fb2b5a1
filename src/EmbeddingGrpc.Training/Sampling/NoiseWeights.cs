namespace EmbeddingGrpc.Training;

/// <summary>The weights that items are drawn by as negative samples.</summary>
internal static class NoiseWeights
{
    /// <summary>The weights that the options ask for.</summary>
    public static double[] For(ReadOnlySpan<long> counts, TrainingOptions options) =>
        options.Noise == NoiseDistribution.LogUniform ? LogUniform(counts.Length) : Power(counts, options.NoiseExponent);

    /// <summary><c>log((rank + 2) / (rank + 1))</c>.</summary>
    public static double[] LogUniform(int count)
    {
        var weights = new double[count];
        for (int rank = 0; rank < count; rank++)
        {
            weights[rank] = Math.Log((rank + 2.0) / (rank + 1.0));
        }

        return weights;
    }

    /// <summary><c>count^exponent</c>.</summary>
    public static double[] Power(ReadOnlySpan<long> counts, double exponent)
    {
        var weights = new double[counts.Length];
        for (int item = 0; item < weights.Length; item++)
        {
            weights[item] = Math.Pow(Math.Max(1, counts[item]), exponent);
        }

        return weights;
    }
}

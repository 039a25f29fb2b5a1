namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>
/// Confidence intervals by resampling users with replacement (Efron 1979; the percentile interval): the queries of one user are alike, and resampling
/// queries would pretend to more evidence than there is. Stateless.
/// </summary>
internal static class Bootstrap
{
    private const int Resamples = 1000;

    /// <summary>Estimates the mean of values.</summary>
    /// <param name="values">One for each query.</param>
    /// <param name="users">Whose query each is, counted from 0.</param>
    /// <param name="seed">Of the resampling.</param>
    /// <returns>Zeros where there is no value.</returns>
    public static Estimate Mean(ReadOnlySpan<double> values, ReadOnlySpan<int> users, ulong seed)
    {
        if (values.IsEmpty)
        {
            return default;
        }

        var (sums, counts) = ByUser(values, users);
        var means = new double[Resamples];
        for (int resample = 0; resample < Resamples; resample++)
        {
            var random = RandomSource.For(seed, (ulong)resample + 2);
            double sum = 0;
            long count = 0;
            for (int draw = 0; draw < sums.Length; draw++)
            {
                int user = random.Next(sums.Length);
                sum += sums[user];
                count += counts[user];
            }

            means[resample] = sum / count;
        }

        Array.Sort(means);
        return new Estimate(sums.Sum() / values.Length, means[(int)(0.025 * Resamples)], means[(int)(0.975 * Resamples)]);
    }

    private static (double[] Sums, int[] Counts) ByUser(ReadOnlySpan<double> values, ReadOnlySpan<int> users)
    {
        var places = new Dictionary<int, int>();
        var sums = new List<double>();
        var counts = new List<int>();
        for (int query = 0; query < values.Length; query++)
        {
            if (!places.TryGetValue(users[query], out int place))
            {
                places.Add(users[query], place = sums.Count);
                sums.Add(0);
                counts.Add(0);
            }

            sums[place] += values[query];
            counts[place]++;
        }

        return ([.. sums], [.. counts]);
    }
}

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>The moment that parts what is trained on from what is asked for: one for all users, so that nothing of the future is learned from.</summary>
/// <param name="TimeMs">Interactions at or after it are the future.</param>
/// <param name="Before">Interactions before it.</param>
/// <param name="After">Interactions at or after it that may be asked for.</param>
public readonly record struct TimeCut(long TimeMs, long Before, long After)
{
    // A quantile of so many is exact to a tenth of a percent, and the memory of it does not grow with the log.
    private const int SampleSize = 1 << 20;

    /// <summary>Cuts where the newest share of the interactions that may be asked for begins.</summary>
    /// <param name="interactions">In any order.</param>
    /// <param name="fraction">The share of all interactions that shall be after the cut, 0..1.</param>
    /// <param name="mostOfTestable">The share of those that may be asked for that may be after the cut at most, 0..1.</param>
    /// <param name="seed">Of the sample that stands for all.</param>
    /// <returns>Null where no cut leaves something on both sides.</returns>
    public static TimeCut? Find(IEnumerable<TimedInteraction> interactions, double fraction, double mostOfTestable, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(interactions);
        var random = RandomSource.For(seed, 0);
        var sample = new List<long>();
        long all = 0, testable = 0;
        long oldest = long.MaxValue;
        foreach (var interaction in interactions)
        {
            all++;
            oldest = Math.Min(oldest, interaction.EventTimeMs);
            if (!interaction.MayTest)
            {
                continue;
            }

            testable++;
            if (sample.Count < SampleSize)
            {
                sample.Add(interaction.EventTimeMs);
            }
            else if ((long)(random.NextSingle() * (double)testable) is var place && place < SampleSize)
            {
                sample[(int)place] = interaction.EventTimeMs;
            }
        }

        if (sample.Count == 0)
        {
            return null;
        }

        sample.Sort();
        double share = Math.Min(fraction * all / testable, mostOfTestable);
        int place0 = Math.Clamp(sample.Count - (int)Math.Ceiling(share * sample.Count), 0, sample.Count - 1);
        long cut = sample[place0];
        if (cut <= oldest)
        {
            // As many as have the oldest time cannot be parted: the future begins with the next time there is.
            int next = sample.FindIndex(time => time > oldest);
            if (next < 0)
            {
                return null;
            }

            cut = sample[next];
        }

        return Count(interactions, cut);
    }

    private static TimeCut Count(IEnumerable<TimedInteraction> interactions, long cut)
    {
        long before = 0, after = 0;
        foreach (var interaction in interactions)
        {
            if (interaction.EventTimeMs < cut)
            {
                before++;
            }
            else if (interaction.MayTest)
            {
                after++;
            }
        }

        return new TimeCut(cut, before, after);
    }
}

using System.Globalization;

namespace EmbeddingGrpc.Training.Tests;

/// <summary>Small corpora for tests.</summary>
internal static class TestCorpus
{
    /// <summary>Sessions of items, one a line, separated by spaces.</summary>
    public static TrainingCorpus Of(string lines, int minimumCount = 1)
    {
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        int user = 0;
        foreach (string line in lines.Split('\n'))
        {
            int time = 0;
            foreach (string item in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                builder.Add(user.ToString(CultureInfo.InvariantCulture), item, time++);
            }

            user++;
        }

        return builder.Build(minimumCount);
    }

    /// <summary>Sessions that each stay within one of several clusters of items. Item "c-i" is the i-th of cluster c.</summary>
    public static TrainingCorpus Clusters(int clusters, int itemsOfEach, int sessions, int length, int seed = 1)
    {
        var random = new Random(seed);
        var builder = new SessionBuilder(TimeSpan.FromDays(1));
        for (int session = 0; session < sessions; session++)
        {
            int cluster = random.Next(clusters);
            for (int time = 0; time < length; time++)
            {
                // A product of two uniforms: some items are far more popular than others.
                int item = random.Next(1 + random.Next(itemsOfEach));
                builder.Add($"u{session}", $"{cluster}-{item}", time);
            }
        }

        return builder.Build(1);
    }
}

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Finds the user whose history changed longest ago. One writer, no readers.</summary>
/// <remarks>
/// A user's version is the offset of the last change, so versions are the order sought. Instead of a list that every interaction would have to
/// relink, at two cache misses each, the oldest sixteenth of all users is collected now and then: whoever of them has changed since is passed over,
/// and everybody else is younger. Costs a walk of all records for every so many users that go.
/// </remarks>
internal sealed class OldestUsers(UserDirectory users)
{
    private const int Fraction = 16;
    private const int SampleLength = 4096;

    private readonly List<(long Version, int User)> _candidates = [];
    private int _next;

    /// <summary>The user whose history changed longest ago; at least one must be there.</summary>
    public int Next()
    {
        while (true)
        {
            for (; _next < _candidates.Count; _next++)
            {
                var (version, user) = _candidates[_next];
                ref var record = ref users.Record(user);
                if (record.IdLength > 0 && record.Version == version) return user;
            }

            Collect();
        }
    }

    private void Collect()
    {
        var limit = VersionOfTheOldest();
        _candidates.Clear();
        _next = 0;
        for (var user = 0; user < users.SlotCount; user++)
        {
            ref var record = ref users.Record(user);
            if (record.IdLength > 0 && record.Version <= limit) _candidates.Add((record.Version, user));
        }

        _candidates.Sort();
    }

    // Any limit that somebody is under would do; a sample comes near to the fraction.
    private long VersionOfTheOldest()
    {
        var step = Math.Max(1, users.SlotCount / SampleLength);
        var sample = new List<long>(2 * SampleLength);
        while (sample.Count == 0)
        {
            for (var user = 0; user < users.SlotCount; user += step)
            {
                if (users.Record(user) is { IdLength: > 0 } record) sample.Add(record.Version);
            }

            // Nobody lies in the slots looked at: look at all.
            step = 1;
        }

        sample.Sort();
        return sample[sample.Count / Fraction];
    }
}

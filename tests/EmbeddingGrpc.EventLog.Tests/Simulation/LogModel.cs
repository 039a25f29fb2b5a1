namespace EmbeddingGrpc.EventLog.Tests.Simulation;

/// <summary>What a log should hold, as plainly as it can be said: a list of entries and a table of producers.</summary>
internal sealed class LogModel
{
    private readonly List<LogEntry?> _entries = [];
    private Dictionary<string, (ulong Epoch, ulong Done)> _producers = new(StringComparer.Ordinal);

    /// <summary>Offset after the last entry.</summary>
    public int End => _entries.Count;

    /// <summary>Oldest offset that is kept.</summary>
    public int First { get; set; }

    public IReadOnlyDictionary<string, (ulong Epoch, ulong Done)> Producers => _producers;

    public IEnumerable<LogEntry> Entries(int from, int to)
    {
        for (var i = Math.Max(from, First); i < Math.Min(to, End); i++)
        {
            if (_entries[i] is { } entry) yield return entry;
        }
    }

    /// <summary>What the log must answer to a batch; null where it must refuse it, with <paramref name="refusal"/>.</summary>
    public AppendResult? Append(AppendBatch batch, out Type? refusal)
    {
        refusal = null;
        var skipped = 0;
        var done = 0UL;
        if (batch.Producer is { } producer)
        {
            var known = _producers.GetValueOrDefault(producer.Name);
            var before = known.Epoch == producer.Epoch ? known.Done : 0;
            if (known.Epoch > producer.Epoch) refusal = typeof(ProducerFencedException);
            else if (before < batch.Follows) refusal = typeof(LogUnavailableException);
            if (refusal is not null) return null;
            skipped = (batch.Numbers ?? []).Count(number => number <= before);
            done = Math.Max(before, batch.DoneThrough);
            _producers[producer.Name] = (producer.Epoch, done);
        }
        foreach (var interaction in batch.Interactions.Skip(skipped)) _entries.Add(new LogEntry(new LogOffset(End), interaction));
        foreach (var record in batch.Records) _entries.Add(new LogEntry(new LogOffset(End), default, record));
        return new AppendResult(new LogOffset(End), done, batch.Interactions.Length - skipped + batch.Records.Length, skipped);
    }

    /// <summary>A copy to go back to.</summary>
    public (int End, Dictionary<string, (ulong Epoch, ulong Done)> Producers) Mark() => (End, new(_producers, StringComparer.Ordinal));

    public void GoBack((int End, Dictionary<string, (ulong Epoch, ulong Done)> Producers) mark)
    {
        _entries.RemoveRange(mark.End, End - mark.End);
        _producers = mark.Producers;
    }

    public void Erase(string user, int before)
    {
        for (var i = 0; i < Math.Min(before, End); i++)
        {
            if (_entries[i] is { IsInteraction: true } entry && entry.Interaction.UserId == user) _entries[i] = null;
        }
    }
}

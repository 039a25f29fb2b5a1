namespace EmbeddingGrpc.EventLog.Producers;

/// <summary>
/// What the group in the making would do to the producer table. It is thrown away if the group fails, so that the table only ever says what is durable.
/// One thread.
/// </summary>
internal sealed class GroupProducers(ProducerTable table)
{
    private readonly Dictionary<string, ProducerUpdate> _moved = new(StringComparer.Ordinal);

    /// <summary>The producers that the group moves forward.</summary>
    public IReadOnlyCollection<ProducerUpdate> Updates => _moved.Values;

    public void Clear() => _moved.Clear();

    /// <summary>A producer's highest number with the group so far. That of a fenced one is above all: being fenced is what it should be told.</summary>
    public ulong DoneThroughOf(ProducerId producer)
    {
        if (!Find(producer.Name, out var known) || known.Epoch < producer.Epoch) return 0;
        return known.Epoch == producer.Epoch ? known.DoneThrough : ulong.MaxValue;
    }

    /// <summary>Moves a producer forward by one batch.</summary>
    /// <param name="producer">Its name and epoch.</param>
    /// <param name="batch">Its batch.</param>
    /// <param name="skipped">Interactions at the start of the batch that are known already.</param>
    /// <param name="done">Its highest number with this batch.</param>
    /// <param name="fencedBy">The newer epoch where it returns false.</param>
    /// <returns>False where a newer epoch is known: the batch must be refused.</returns>
    public bool TryMove(ProducerId producer, AppendBatch batch, out int skipped, out ulong done, out ulong fencedBy)
    {
        skipped = 0;
        done = 0;
        fencedBy = 0;
        var isKnown = Find(producer.Name, out var known);
        if (isKnown && known.Epoch > producer.Epoch)
        {
            fencedBy = known.Epoch;
            return false;
        }
        var isSameEpoch = isKnown && known.Epoch == producer.Epoch;
        var before = isSameEpoch ? known.DoneThrough : 0;
        if (batch.Numbers is { } numbers)
        {
            while (skipped < numbers.Length && numbers[skipped] <= before) skipped++;
        }
        done = Math.Max(before, batch.DoneThrough);
        if (!isSameEpoch || done > before) _moved[producer.Name] = new ProducerUpdate(producer.Name, producer.Epoch, done);
        return true;
    }

    private bool Find(string name, out ProducerUpdate known)
    {
        if (_moved.TryGetValue(name, out known)) return true;
        if (!table.TryGet(name, out var state)) return false;
        known = new ProducerUpdate(name, state.Epoch, state.DoneThrough);
        return true;
    }
}

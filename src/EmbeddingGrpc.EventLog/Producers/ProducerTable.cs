using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Producers;

/// <summary>The durable state of every producer that wrote lately. One writer (the appender); any thread may ask.</summary>
internal sealed class ProducerTable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ProducerState> _states = new(StringComparer.Ordinal);

    public int Count
    {
        get
        {
            lock (_lock) return _states.Count;
        }
    }

    public bool TryGet(string name, out ProducerState state)
    {
        lock (_lock) return _states.TryGetValue(name, out state);
    }

    public void Set(string name, ProducerState state)
    {
        lock (_lock) _states[name] = state;
    }

    /// <summary>Forgets the producers that wrote nothing since <paramref name="sinceMs"/>. They may start anywhere if they come back.</summary>
    public int Expire(long sinceMs)
    {
        lock (_lock)
        {
            var idle = _states.Where(pair => pair.Value.LastSeenMs < sinceMs).Select(pair => pair.Key).ToArray();
            foreach (var name in idle) _states.Remove(name);
            return idle.Length;
        }
    }

    /// <summary>As it is now.</summary>
    public ProducerTable Copy()
    {
        var copy = new ProducerTable();
        lock (_lock)
        {
            foreach (var (name, state) in _states) copy._states.Add(name, state);
        }
        return copy;
    }

    /// <summary>All of it, for a segment's header: a count, then name, epoch, number and time of each.</summary>
    public void Write(ByteWriter output)
    {
        lock (_lock)
        {
            output.WriteVarint((ulong)_states.Count);
            foreach (var (name, state) in _states)
            {
                new ProducerUpdate(name, state.Epoch, state.DoneThrough).Write(output);
                output.WriteZigzag(state.LastSeenMs);
            }
        }
    }

    /// <summary>Replaces what it holds by a header's table.</summary>
    public void Read(ref ByteReader input)
    {
        lock (_lock) _states.Clear();
        for (var count = input.ReadLength(); count > 0; count--)
        {
            var producer = ProducerUpdate.Read(ref input);
            Set(producer.Name, new ProducerState(producer.Epoch, producer.DoneThrough, input.ReadZigzag()));
        }
    }
}

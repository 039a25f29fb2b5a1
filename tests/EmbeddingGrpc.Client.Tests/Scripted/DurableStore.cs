using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Tests.Scripted;

/// <summary>The daemon's contract in memory: each producer's highest durable number, and what was kept.</summary>
internal sealed class DurableStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ulong> _durable = [];
    private readonly List<Interaction> _kept = [];

    public IReadOnlyList<Interaction> Kept
    {
        get
        {
            lock (_gate) return [.. _kept];
        }
    }

    public ulong DurableOf(string producer)
    {
        lock (_gate) return _durable.GetValueOrDefault(producer);
    }

    public void Know(string producer, ulong durable)
    {
        lock (_gate) _durable[producer] = durable;
    }

    public void Keep(string producer, Interaction interaction)
    {
        lock (_gate)
        {
            if (interaction.Number <= _durable.GetValueOrDefault(producer)) return;
            _durable[producer] = interaction.Number;
            _kept.Add(interaction);
        }
    }
}

using System.Globalization;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>Interactions of uniformly drawn users with items of Zipf(1) popularity, a few milliseconds apart. Deterministic by its seed.</summary>
internal sealed class SimulatedStream
{
    private readonly Random _random;
    private readonly string[] _users;
    private readonly string[] _items;
    private long _timeMs = 1_750_000_000_000;

    public SimulatedStream(int users, int items, int seed)
    {
        _random = new Random(seed);
        _users = [.. Enumerable.Range(0, users).Select(i => "u" + i.ToString(CultureInfo.InvariantCulture))];
        _items = [.. Enumerable.Range(0, items).Select(i => "i" + i.ToString(CultureInfo.InvariantCulture))];
    }

    public Interaction[] Next(int count)
    {
        var interactions = new Interaction[count];
        for (var i = 0; i < count; i++)
        {
            // The inverse of Zipf's cumulative distribution, taken as continuous: rank = N^u.
            var item = (int)Math.Pow(_items.Length, _random.NextDouble()) - 1;
            _timeMs += _random.Next(3);
            // Strings of its own, as a request just read from the wire has them.
            interactions[i] = new Interaction(new string(_users[_random.Next(_users.Length)].AsSpan()), new string(_items[item].AsSpan()), InteractionType.Click, _timeMs);
        }
        return interactions;
    }
}

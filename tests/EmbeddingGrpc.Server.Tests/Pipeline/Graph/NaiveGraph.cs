using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

/// <summary>What the item graph is meant to hold, without bounds, in double precision and with every weight decayed from its own time.</summary>
internal sealed class NaiveGraph(ItemGraphOptions options)
{
    private readonly List<(int From, int To, double Weight, long Time)> _connections = [];
    private long _latest = long.MinValue;

    public void Apply(in HistoryEvent interaction, IReadOnlyList<HistoryEvent> before, IReadOnlyList<HistoryEvent> after, int historyLength)
    {
        var item = interaction.Item;
        var again = before.Select((happened, i) => happened.Item == item ? i : -1).DefaultIfEmpty(-1).Max();
        var known = before.Take(again + 1).Select(happened => happened.Item).ToHashSet();
        var seen = new HashSet<ItemKey>();
        var weight = 1 / Math.Sqrt(historyLength);
        _latest = Math.Max(_latest, interaction.EventTimeMs);
        for (var distance = 1; distance <= options.Window && before.Count - distance > again; distance++)
        {
            var other = before[^distance].Item;
            if (!known.Contains(other) && seen.Add(other)) Add(other, item, weight * Math.Pow(options.DistanceDecay, distance), interaction.EventTimeMs);
        }

        for (var distance = 1; distance <= options.Window && distance <= after.Count && after[distance - 1].Item != item; distance++)
        {
            var other = after[distance - 1].Item;
            if (seen.Add(other)) Add(item, other, weight * Math.Pow(options.DistanceDecay, distance), interaction.EventTimeMs);
        }
    }

    public Dictionary<int, double> From(int item) => _connections.Where(c => c.From == item).GroupBy(c => c.To).ToDictionary(g => g.Key, g => g.Sum(Decayed));

    public double In(int item) => _connections.Where(c => c.To == item).Sum(Decayed);

    private void Add(ItemKey earlier, ItemKey later, double weight, long time)
    {
        _connections.Add((earlier.Value, later.Value, weight, time));
        if (options.BackwardWeight > 0) _connections.Add((later.Value, earlier.Value, weight * options.BackwardWeight, time));
    }

    private double Decayed((int From, int To, double Weight, long Time) connection) =>
        connection.Weight * Math.Pow(2, (connection.Time - _latest) / options.HalfLife.TotalMilliseconds);
}

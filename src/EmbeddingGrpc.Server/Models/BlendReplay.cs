using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Makes the item graph and the popularity that there would be if the answers to some questions had not happened yet. Stateless; one thread.</summary>
/// <remarks>
/// Taking the answers out of the live graph instead would be cheaper, and wrong: an item's list is bounded, and who comes into a full one inherits the
/// weight of who goes, so the newest connection of each popular item is one that its answer made, whatever is subtracted.
/// </remarks>
internal static class BlendReplay
{
    // A few seconds of one processor; older interactions than that have decayed or are in many others.
    private const long MostInteractions = 5_000_000;

    /// <summary>Replays the newest part of the log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="through">Where to stop.</param>
    /// <param name="state">Says the keys of items, and how long popularity lasts.</param>
    /// <param name="options">How graph and histories are kept.</param>
    /// <param name="hides">What is left out: the answers to questions.</param>
    /// <param name="cancellationToken">Checked between interactions.</param>
    /// <returns>The graph is the caller's to dispose.</returns>
    public static (ItemGraph Graph, ItemCounters Counters) Run(
        InteractionLog log, LogOffset through, AppliedState state, ModelOptions options, Predicate<Interaction> hides, CancellationToken cancellationToken)
    {
        var (graph, counters) = (new ItemGraph(options.Graph), new ItemCounters(state.Counters.HalfLife));
        using var histories = new UserHistories(options.HistoryLength, options.MaximumUsers);
        var context = new HistoryEvent[2 * ItemGraph.ContextPerWindow * graph.Window];
        var id = new byte[UserDirectory.MaximumIdBytes];
        var first = new LogOffset(Math.Max(log.FirstOffset.Value, through.Value - MostInteractions));
        foreach (var entry in log.Scan(first, through, cancellationToken))
        {
            var interaction = entry.Interaction;
            if (hides(interaction) || !state.Items.TryGet(interaction.ItemId, out var key)) continue;
            var happened = new HistoryEvent(key, interaction.Type, interaction.EventTimeMs, interaction.Weight);
            counters.Apply(happened, entry.Offset);
            var userId = id.AsSpan(0, Encoding.UTF8.GetBytes(interaction.UserId, id));
            var user = UserRecord.None;
            if (histories.Apply(userId, histories.Hash(userId), ref user, happened, entry.Offset, out var place) != HistoryChange.Placed) continue;
            var history = histories.EventsOf(user);
            var before = Math.Min(place, context.Length / 2);
            var after = Math.Min(history.Length - place - 1, context.Length / 2);
            StoredEvent.Unpack(history.Slice(place - before, before), context);
            StoredEvent.Unpack(history.Slice(place + 1, after), context.AsSpan(before));
            graph.Apply(happened, context.AsSpan(0, before), context.AsSpan(before, after), history.Length, entry.Offset);
        }

        return (graph, counters);
    }
}

using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>What a generation's fold-in had made of new items at a moment of the past. Stateless; changes nothing.</summary>
internal static class FoldInReplay
{
    /// <summary>Makes the vectors of the items that the generation was not trained on, from nothing later than the moment.</summary>
    /// <param name="generation">Leased by the caller.</param>
    /// <param name="log">The model's log.</param>
    /// <param name="through">Where to stop.</param>
    /// <param name="beforeMs">The moment: events at or after it have not happened.</param>
    /// <param name="items">The model's item keys.</param>
    /// <param name="catalog">What is known of the items besides; as it is now, attributes have no past.</param>
    /// <param name="options">The model's options.</param>
    /// <param name="cancellationToken">Checked between entries.</param>
    public static IReadOnlyList<EvaluatedVector> Run(
        Generation generation, InteractionLog log, LogOffset through, long beforeMs, ItemKeys items, ItemCatalog catalog, ModelOptions options, CancellationToken cancellationToken)
    {
        if (!options.FoldIn.Enabled || !generation.Info.PredictsNext) return [];
        // Only the base: what is in the overlay today may have learned from what comes later.
        var gathered = new FoldInItems(generation, (ItemKey key, out ItemOrdinal ordinal) => generation.TryGetOrdinal(key, out ordinal) && !generation.IsCold(ordinal));
        var recent = new Dictionary<string, List<HistoryEvent>>(StringComparer.Ordinal);
        foreach (var entry in log.Scan(generation.TrainedOffset, through, cancellationToken))
        {
            var interaction = entry.Interaction;
            if (interaction.EventTimeMs >= beforeMs || !options.TrainOn.Include(interaction) || !items.TryGet(interaction.ItemId, out var key)) continue;
            ref var before = ref CollectionsMarshal.GetValueRefOrAddDefault(recent, interaction.UserId, out _);
            before ??= new List<HistoryEvent>(options.Training.Window + 1);
            var happened = new HistoryEvent(key, interaction.Type, interaction.EventTimeMs, interaction.Weight);
            gathered.Look(happened, CollectionsMarshal.AsSpan(before), options, onDue: null);
            before.Add(happened);
            if (before.Count > options.Training.Window) before.RemoveAt(0);
        }

        var math = new FoldInMath(generation, options, catalog);
        if (options.FoldIn.AttributeWeight > 0) math.LearnAttributes(cancellationToken);
        var vectors = new List<EvaluatedVector>();
        foreach (var item in gathered.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (item.Contexts.Count > 0 && math.Compute(item, options.FoldIn))
                vectors.Add(new EvaluatedVector(items.IdOf(item.Key), math.Input.ToArray(), math.Output.ToArray()));
        }

        return vectors;
    }
}

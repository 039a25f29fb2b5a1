using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Server.Models.Promotion;

/// <summary>A model's log as an evaluation reads it. Stateless.</summary>
internal static class LogInteractions
{
    /// <summary>Reads what trains, in the order of the log.</summary>
    /// <param name="log">The log.</param>
    /// <param name="through">Where to stop.</param>
    /// <param name="testFrom">What may be asked for begins here.</param>
    /// <param name="options">What trains, and how much it counts.</param>
    /// <param name="cancellationToken">Checked between entries.</param>
    public static IEnumerable<TimedInteraction> Read(
        InteractionLog log, LogOffset through, LogOffset testFrom, ModelOptions options, CancellationToken cancellationToken)
    {
        foreach (var entry in log.Scan(log.FirstOffset, through, cancellationToken))
        {
            var interaction = entry.Interaction;
            if (!options.TrainOn.Include(interaction)) continue;
            yield return new TimedInteraction(interaction.UserId, interaction.ItemId, interaction.EventTimeMs, entry.Offset >= testFrom)
            {
                Weight = options.TrainingWeights.Of(interaction),
            };
        }
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Retraining;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Reads a model's log into training sessions. Stateless.</summary>
internal static class CorpusReader
{
    // Often enough for a progress bar, rarely enough not to be seen in a profile.
    private const long EntriesBetweenReports = 1 << 14;

    /// <summary>Reads every durable entry before <paramref name="through"/>.</summary>
    /// <param name="model">The model's name, for messages.</param>
    /// <param name="log">Its log.</param>
    /// <param name="through">Where to stop.</param>
    /// <param name="options">Which interactions train, and where sessions are cut.</param>
    /// <param name="progress">Told the fraction read, 0..1.</param>
    /// <param name="cancellationToken">Checked between entries.</param>
    /// <param name="warm">Chooses sessions by what is recent; null takes all.</param>
    /// <param name="beforeMs">Events at or after this time are left out, wherever they are in the log.</param>
    /// <param name="hidden">Interactions that are counted, but in no session; null for none.</param>
    /// <exception cref="NothingToTrainException">No session of two items comes out; says why and what to do.</exception>
    public static TrainingCorpus Read(
        string model, InteractionLog log, LogOffset through, ModelOptions options, Action<double> progress, CancellationToken cancellationToken,
        WarmRestart? warm = null, long beforeMs = long.MaxValue, BlendQuestions? hidden = null)
    {
        var sessions = new SessionBuilder(options.SessionGap);
        var read = 0L;
        var windowStart = warm?.WindowStart(through) ?? through;
        foreach (var entry in log.Scan(new LogOffset(0), through, cancellationToken))
        {
            if (warm is not null && sessions.Selection is null && entry.Offset >= windowStart) sessions.Selection = warm.Select(sessions.Count);
            if (entry.Interaction.EventTimeMs < beforeMs && options.TrainOn.Include(entry.Interaction))
            {
                if (hidden?.Hides(entry.Interaction) == true) sessions.CountOnly(entry.Interaction.ItemId);
                else
                {
                    sessions.Add(
                        entry.Interaction.UserId, entry.Interaction.ItemId, entry.Interaction.EventTimeMs, options.TrainingWeights.Of(entry.Interaction));
                }
            }

            if (++read % EntriesBetweenReports == 0) progress((double)entry.Offset.Value / through.Value);
        }

        if (read == 0) throw new NothingToTrainException(model, "it has no interactions. Stream some with EventService (embedctl ingest) first.");
        if (sessions.Count == 0)
        {
            throw new NothingToTrainException(model, $"none of its {read} interactions is of a type that trains. Send views, clicks or purchases, or change TrainOn.");
        }

        var corpus = sessions.Build(options.Training.MinimumCount, cancellationToken);
        if (HasPair(corpus)) return corpus;
        throw new NothingToTrainException(
            model,
            $"its {read} interactions make no session with two items. Send more of each user, raise SessionGap (now {options.SessionGap}), "
            + $"or lower Training.MinimumCount (now {options.Training.MinimumCount}).");
    }

    private static bool HasPair(TrainingCorpus corpus)
    {
        for (var session = 0; session < corpus.SessionCount; session++)
        {
            if (corpus.Session(session).Length > 1) return true;
        }

        return false;
    }
}

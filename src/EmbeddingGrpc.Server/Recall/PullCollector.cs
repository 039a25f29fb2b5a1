using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Finds the items that make a query, and the ones that must not be answered. Stateless.</summary>
internal sealed class PullCollector(RecallOptions options)
{
    /// <summary>
    /// From a user's stored history: the newest event of an item says where the item stands, its strongest one how much it pulls. A dislike
    /// speaks for its item until something newer does, and then leaves it out of the answer, asked for or not.
    /// </summary>
    /// <param name="space">What is searched.</param>
    /// <param name="history">Oldest first.</param>
    /// <param name="query">Says what is left out of the answer.</param>
    /// <param name="scratch">Receives the pulls, newest first, and the exclusions.</param>
    public void FromHistory(in RecallSpace space, ReadOnlySpan<HistoryEvent> history, RecallQuery query, RecallScratch scratch)
    {
        var pulls = scratch.Pulls;
        var disliked = scratch.Disliked;
        for (var i = history.Length - 1; i >= 0; i--)
        {
            ref readonly var happened = ref history[i];
            var item = space.IdOf(happened.Item);
            if (query.ExcludeSeen || IsAmongTheLast(item, query, scratch)) scratch.Excluded.Add(item);

            var place = PlaceOf(item, pulls);
            if (happened.Type == InteractionType.Dislike)
            {
                if (place < 0) disliked.Add(item);
                continue;
            }

            var strength = (float)options.InteractionWeights.Of(happened.Type) * happened.Weight;
            if (!(strength > 0) || disliked.Contains(item)) continue;
            if (place >= 0) pulls[place] = pulls[place] with { Weight = Math.Max(pulls[place].Weight, strength) };
            else if (pulls.Count < options.HistoryItems) pulls.Add(new Pull(item, happened.Item, strength));
        }

        scratch.Taken.Clear();
        foreach (var item in disliked) scratch.Excluded.Add(item);
        for (var place = 0; place < pulls.Count; place++)
        {
            if (!query.IncludeQueryItems) scratch.Excluded.Add(pulls[place].Item);
            pulls[place] = pulls[place] with { Weight = pulls[place].Weight * Recency(place) };
        }
    }

    /// <summary>From the items that a request lists. A repeated item stands where it is newest.</summary>
    /// <param name="space">What is searched.</param>
    /// <param name="session">Oldest first.</param>
    /// <param name="query">Says what is left out of the answer.</param>
    /// <param name="scratch">Receives the pulls, newest first, and the exclusions.</param>
    /// <exception cref="ItemNotInGenerationException">None of them is known, or none that has a weight above 0.</exception>
    public void FromSession(in RecallSpace space, SessionSubject session, RecallQuery query, RecallScratch scratch)
    {
        var pulls = scratch.Pulls;
        var known = 0;
        for (var i = session.Items.Count - 1; i >= 0; i--)
        {
            var (itemId, weight) = session.Items[i];
            if (!space.TryFind(itemId, out var item, out var key)) continue;
            known++;
            if (!query.IncludeQueryItems || IsAmongTheLast(item, query, scratch)) scratch.Excluded.Add(item);
            if (PlaceOf(item, pulls) < 0 && pulls.Count < options.HistoryItems) pulls.Add(new Pull(item, key, weight ?? Recency(pulls.Count)));
        }

        scratch.Taken.Clear();
        pulls.RemoveAll(pull => !(pull.Weight > 0));
        if (pulls.Count > 0) return;
        var newest = session.Items[^1].ItemId;
        var generation = space.Generation.IdText;
        throw new ItemNotInGenerationException(newest, generation, known > 0
            ? $"None of the session's {known} items that generation {generation} knows has a weight above 0 (the newest item is '{newest}')."
            : $"Generation {generation} knows none of the session's {session.Items.Count} items (the newest is '{newest}').");
    }

    /// <summary>Whether an item is one of the last that were seen. Asked newest first; what was counted lies among the taken items until the end.</summary>
    private static bool IsAmongTheLast(CandidateId item, RecallQuery query, RecallScratch scratch) =>
        scratch.Taken.Count < query.ExcludeSeenLast && scratch.Taken.Add(item);

    private float Recency(int place) => (float)Math.Pow(place + 1, -options.RecencyExponent);

    // A history has tens of items: a scan beats a dictionary.
    private static int PlaceOf(CandidateId item, List<Pull> pulls)
    {
        for (var place = 0; place < pulls.Count; place++)
            if (pulls[place].Item == item)
                return place;
        return -1;
    }
}

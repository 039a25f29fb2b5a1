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
    /// <param name="query">Says what is left out of the answer, and how fast the history is forgotten.</param>
    /// <param name="scratch">Receives the pulls, newest first, and the exclusions.</param>
    public void FromHistory(in RecallSpace space, ReadOnlySpan<HistoryEvent> history, RecallQuery query, RecallScratch scratch)
    {
        CollectHistory(space, history, query, scratch);
        Finish(query, scratch);
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
        var known = CollectSession(space, session, query, scratch);
        scratch.Taken.Clear();
        if (pulls.Count > 0) return;
        var newest = session.Items[^1].ItemId;
        var generation = space.Generation.IdText;
        throw new ItemNotInGenerationException(newest, generation, known > 0
            ? $"None of the session's {known} items that generation {generation} knows has a weight above 0 (the newest item is '{newest}')."
            : $"Generation {generation} knows none of the session's {session.Items.Count} items (the newest is '{newest}').");
    }

    /// <summary>
    /// From the items that a request lists and the stored history of who asks: each part's pulls sum to its weight, so that a long history does not
    /// outvote a short session. An item of both pulls with both. What the history dislikes is left out of the answer, and pulls as the session says.
    /// </summary>
    /// <param name="space">What is searched.</param>
    /// <param name="session">Oldest first; newer than the history.</param>
    /// <param name="history">Oldest first.</param>
    /// <param name="query">Says what is left out of the answer.</param>
    /// <param name="scratch">Receives the pulls, the session's newest first and then the history's, and the exclusions; no pulls where nothing is known.</param>
    public void FromSessionAndHistory(in RecallSpace space, SessionSubject session, ReadOnlySpan<HistoryEvent> history, RecallQuery query, RecallScratch scratch)
    {
        var (pulls, ofSession) = (scratch.Pulls, scratch.SessionPulls);
        CollectSession(space, session, query, scratch);
        ofSession.AddRange(pulls);
        pulls.Clear();
        CollectHistory(space, history, query, scratch);

        var weight = session.HistoryWeight ?? options.HistoryWeight;
        // One that says nothing leaves the query to the other.
        if (pulls.Count == 0) weight = 0;
        else if (ofSession.Count == 0) weight = 1;
        ScaleTo(1 - weight, ofSession);
        ScaleTo(weight, pulls);
        for (var place = 0; place < ofSession.Count; place++)
        {
            var earlier = PlaceOf(ofSession[place].Item, pulls);
            if (earlier < 0) continue;
            ofSession[place] = ofSession[place] with { Weight = ofSession[place].Weight + pulls[earlier].Weight };
            pulls.RemoveAt(earlier);
        }

        pulls.InsertRange(0, ofSession);
        pulls.RemoveAll(pull => !(pull.Weight > 0));
        Finish(query, scratch);
    }

    /// <summary>Collects the pulls of a history and what it excludes, but for the pulls themselves.</summary>
    private void CollectHistory(in RecallSpace space, ReadOnlySpan<HistoryEvent> history, RecallQuery query, RecallScratch scratch)
    {
        var (pulls, times, disliked) = (scratch.Pulls, scratch.PullTimes, scratch.Disliked);
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
            if (place >= 0)
            {
                pulls[place] = pulls[place] with { Weight = Math.Max(pulls[place].Weight, strength) };
            }
            else if (pulls.Count < options.HistoryItems)
            {
                pulls.Add(new Pull(item, happened.Item, strength));
                times.Add(happened.EventTimeMs);
            }
        }

        var halfLife = (query.Subject as UserSubject)?.HalfLife;
        for (var place = 0; place < pulls.Count; place++)
        {
            // Only weights relative to each other count, so that the newest item may stand for the model clock: a user who was long away is not forgotten.
            var recency = halfLife is { } half ? (float)double.Exp2((times[place] - times[0]) / half.TotalMilliseconds) : Recency(place);
            pulls[place] = pulls[place] with { Weight = pulls[place].Weight * recency };
        }

        // What is so many half-lives old that a float cannot tell pulls no more.
        if (halfLife is not null) pulls.RemoveAll(pull => !(pull.Weight > 0));
    }

    /// <summary>Collects the pulls of a session and what it excludes.</summary>
    /// <returns>How many of its entries are known.</returns>
    private int CollectSession(in RecallSpace space, SessionSubject session, RecallQuery query, RecallScratch scratch)
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

        pulls.RemoveAll(pull => !(pull.Weight > 0));
        return known;
    }

    /// <summary>Excludes what a history dislikes, and the pulls unless they may be answered.</summary>
    private static void Finish(RecallQuery query, RecallScratch scratch)
    {
        scratch.Taken.Clear();
        foreach (var item in scratch.Disliked) scratch.Excluded.Add(item);
        if (query.IncludeQueryItems) return;
        foreach (var pull in scratch.Pulls) scratch.Excluded.Add(pull.Item);
    }

    private static void ScaleTo(double total, List<Pull> pulls)
    {
        var sum = 0.0;
        foreach (var pull in pulls) sum += pull.Weight;
        for (var place = 0; place < pulls.Count; place++) pulls[place] = pulls[place] with { Weight = (float)(pulls[place].Weight * total / sum) };
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

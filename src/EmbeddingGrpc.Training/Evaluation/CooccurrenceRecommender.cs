namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>
/// Item-to-item co-occurrence (Sarwar et al. 2001): items that were near those of the history in the sessions, by the cosine of their counts. What
/// embeddings must beat to be worth their training. One thread.
/// </summary>
/// <remarks>Eight bytes a pair of an item that is asked from and one near it, and nothing that grows while it is counted: popular items are near most of the catalogue.</remarks>
public sealed class CooccurrenceRecommender : IRecommender
{
    // Only the newest of a history ask; older ones add little and cost as much.
    private const int HistoryItems = 50;

    // Places of items in the sessions that are looked at together: 32 MiB.
    private const long MostPlaces = 4 << 20;

    private readonly HeldOut _heldOut;
    private readonly double _recencyExponent;

    // Of each item that some history asks from, what is near it and how often.
    private readonly Dictionary<int, (int[] Items, int[] Counts)> _near = [];

    // Of all items, zero between two questions.
    private readonly double[] _scores;
    private readonly List<int> _scored = [];

    /// <summary>Counts which items are near those that the queries' histories hold.</summary>
    /// <param name="corpus">The sessions before the cut.</param>
    /// <param name="heldOut">What will be asked.</param>
    /// <param name="window">How far apart in a session counts as near.</param>
    /// <param name="options">How much recent items of a history weigh.</param>
    /// <param name="cancellationToken">Checked between sessions.</param>
    public CooccurrenceRecommender(TrainingCorpus corpus, HeldOut heldOut, int window, EvaluationOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(heldOut);
        ArgumentNullException.ThrowIfNull(options);
        _heldOut = heldOut;
        _recencyExponent = options.RecencyExponent;
        _scores = new double[heldOut.ItemCount];
        Count(corpus, window, cancellationToken);
    }

    /// <inheritdoc/>
    public string Name => "co-occurrence";

    /// <inheritdoc/>
    public int Recommend(IReadOnlyList<int> history, Span<int> recommended)
    {
        int place = 0;
        foreach (int item in history.Reverse().Distinct().Take(HistoryItems))
        {
            double weight = Math.Pow(++place, -_recencyExponent) / Math.Sqrt(Math.Max(1, _heldOut.CountOf(item)));
            if (!_near.TryGetValue(item, out var near))
            {
                continue;
            }

            for (int i = 0; i < near.Items.Length; i++)
            {
                int other = near.Items[i];
                // Of its counts each is at least 1: a score of 0 is one that was not touched.
                if (_scores[other] == 0)
                {
                    _scored.Add(other);
                }

                _scores[other] += weight * near.Counts[i] / Math.Sqrt(Math.Max(1, _heldOut.CountOf(other)));
            }
        }

        foreach (int item in history)
        {
            _scores[item] = 0;
        }

        int count = Best(recommended);
        foreach (int item in _scored)
        {
            _scores[item] = 0;
        }

        _scored.Clear();
        return count;
    }

    /// <summary>Those with the highest scores, of equal ones the lower numbers.</summary>
    private int Best(Span<int> recommended)
    {
        var best = new PriorityQueue<int, (double Score, int Before)>();
        foreach (int item in _scored)
        {
            if (_scores[item] == 0)
            {
                continue;
            }

            if (best.Count < recommended.Length)
            {
                best.Enqueue(item, (_scores[item], -item));
            }
            else
            {
                best.EnqueueDequeue(item, (_scores[item], -item));
            }
        }

        int count = best.Count;
        for (int place = count - 1; place >= 0; place--)
        {
            recommended[place] = best.Dequeue();
        }

        return count;
    }

    private void Count(TrainingCorpus corpus, int window, CancellationToken cancellationToken)
    {
        int[] asking = [.. _heldOut.Queries.SelectMany(query => query.History.TakeLast(HistoryItems)).Distinct()];
        var slotOf = asking.Select((item, slot) => (item, slot)).ToDictionary();
        int[] numbers = ItemNumbers.Of(corpus.Vocabulary, _heldOut);
        int[] slots = Array.ConvertAll(numbers, number => slotOf.GetValueOrDefault(number, -1));
        long[] starts = StartsOfPlaces(corpus, slots, asking.Length, cancellationToken);
        int[] counts = new int[_heldOut.ItemCount];
        for (int from = 0; from < asking.Length;)
        {
            // As many as fit, and at least one.
            int to = from + 1;
            while (to < asking.Length && starts[to + 1] - starts[from] <= MostPlaces)
            {
                to++;
            }

            var places = PlacesOf(corpus, slots, starts, from, to, cancellationToken);
            for (long begin = starts[from]; from < to; from++)
            {
                _near[asking[from]] = NearOf(corpus, numbers, places.AsSpan((int)(starts[from] - begin), (int)(starts[from + 1] - starts[from])), window, counts);
            }
        }
    }

    /// <summary>Where the places of each item start, if those of all lay behind each other; behind them where the last ones end.</summary>
    private static long[] StartsOfPlaces(TrainingCorpus corpus, int[] slots, int slotCount, CancellationToken cancellationToken)
    {
        long[] starts = new long[slotCount + 1];
        for (int session = 0; session < corpus.SessionCount; session++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (int item in corpus.Session(session))
            {
                if (slots[item] is >= 0 and var slot)
                {
                    starts[slot + 1]++;
                }
            }
        }

        for (int slot = 0; slot < slotCount; slot++)
        {
            starts[slot + 1] += starts[slot];
        }

        return starts;
    }

    /// <summary>The places of some items: session and place in it.</summary>
    private static (int Session, int At)[] PlacesOf(TrainingCorpus corpus, int[] slots, long[] starts, int from, int to, CancellationToken cancellationToken)
    {
        var places = new (int Session, int At)[starts[to] - starts[from]];
        long[] next = Array.ConvertAll(starts[from..to], start => start - starts[from]);
        for (int session = 0; session < corpus.SessionCount; session++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var items = corpus.Session(session);
            for (int at = 0; at < items.Length; at++)
            {
                if (slots[items[at]] is var slot && slot >= from && slot < to)
                {
                    places[next[slot - from]++] = (session, at);
                }
            }
        }

        return places;
    }

    /// <param name="corpus">The sessions.</param>
    /// <param name="numbers">Of its items.</param>
    /// <param name="places">Of one item.</param>
    /// <param name="window">How far apart in a session counts as near.</param>
    /// <param name="counts">[items], zero before and after.</param>
    private static (int[] Items, int[] Counts) NearOf(TrainingCorpus corpus, int[] numbers, ReadOnlySpan<(int Session, int At)> places, int window, int[] counts)
    {
        var near = new List<int>();
        foreach (var (number, at) in places)
        {
            var session = corpus.Session(number);
            for (int other = Math.Max(0, at - window); other < Math.Min(session.Length, at + window + 1); other++)
            {
                if (session[other] != session[at] && numbers[session[other]] is >= 0 and var item && counts[item]++ == 0)
                {
                    near.Add(item);
                }
            }
        }

        int[] items = [.. near];
        int[] found = new int[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            found[i] = counts[items[i]];
            counts[items[i]] = 0;
        }

        return (items, found);
    }
}

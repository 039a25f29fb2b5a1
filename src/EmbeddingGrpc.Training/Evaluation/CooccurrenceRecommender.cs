using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Training.Evaluation;

/// <summary>
/// Item-to-item co-occurrence (Sarwar et al. 2001): items that were near those of the history in the sessions, by the cosine of their counts. What
/// embeddings must beat to be worth their training.
/// </summary>
public sealed class CooccurrenceRecommender : IRecommender
{
    // Only the newest of a history ask; older ones add little and cost as much.
    private const int HistoryItems = 50;

    private readonly Dictionary<int, Dictionary<int, float>> _near = [];
    private readonly HeldOut _heldOut;
    private readonly double _recencyExponent;

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
        foreach (var query in heldOut.Queries)
        {
            foreach (int item in query.History.TakeLast(HistoryItems))
            {
                _near.TryAdd(item, []);
            }
        }

        var numbers = ItemNumbers.Of(corpus.Vocabulary, heldOut);
        for (int session = 0; session < corpus.SessionCount; session++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Count(corpus.Session(session), numbers, window);
        }
    }

    /// <inheritdoc/>
    public string Name => "co-occurrence";

    /// <inheritdoc/>
    public int Recommend(IReadOnlyList<int> history, Span<int> recommended)
    {
        var scores = new Dictionary<int, double>();
        int place = 0;
        foreach (int item in history.Reverse().Distinct().Take(HistoryItems))
        {
            double weight = Math.Pow(++place, -_recencyExponent) / Math.Sqrt(Math.Max(1, _heldOut.CountOf(item)));
            foreach (var (near, count) in _near.GetValueOrDefault(item) ?? [])
            {
                CollectionsMarshal.GetValueRefOrAddDefault(scores, near, out _) += weight * count / Math.Sqrt(Math.Max(1, _heldOut.CountOf(near)));
            }
        }

        foreach (int item in history)
        {
            scores.Remove(item);
        }

        int written = 0;
        foreach (var (item, _) in scores.OrderByDescending(pair => pair.Value).ThenBy(pair => pair.Key).Take(recommended.Length))
        {
            recommended[written++] = item;
        }

        return written;
    }

    private void Count(ReadOnlySpan<int> session, int[] numbers, int window)
    {
        for (int at = 0; at < session.Length; at++)
        {
            if (!_near.TryGetValue(numbers[session[at]], out var near))
            {
                continue;
            }

            for (int other = Math.Max(0, at - window); other < Math.Min(session.Length, at + window + 1); other++)
            {
                if (session[other] != session[at])
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(near, numbers[session[other]], out _)++;
                }
            }
        }
    }
}

namespace EmbeddingGrpc.Training;

/// <summary>Sessions as ordinals of one vocabulary, flat. Immutable after construction.</summary>
public sealed class TrainingCorpus
{
    private readonly SessionStore _sessions;

    internal TrainingCorpus(Vocabulary vocabulary, SessionStore sessions)
    {
        Vocabulary = vocabulary;
        _sessions = sessions;
    }

    /// <summary>A corpus of sessions over items that are known already.</summary>
    /// <param name="vocabulary">The items.</param>
    /// <param name="sessions">Ordinals and weights of each, oldest first.</param>
    /// <exception cref="ArgumentException">An ordinal is not of the vocabulary, or there are not as many weights.</exception>
    public static TrainingCorpus Over(Vocabulary vocabulary, IEnumerable<(int[] Items, float[] Weights)> sessions)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        ArgumentNullException.ThrowIfNull(sessions);
        var store = new SessionStore();
        foreach (var (items, weights) in sessions)
        {
            if (weights.Length != items.Length)
            {
                throw new ArgumentException($"A session has {items.Length} items and {weights.Length} weights.", nameof(sessions));
            }

            int wrong = Array.FindIndex(items, item => (uint)item >= (uint)vocabulary.Count);
            if (wrong >= 0)
            {
                throw new ArgumentException($"Ordinal {items[wrong]} is not of a vocabulary of {vocabulary.Count} items.", nameof(sessions));
            }

            store.Add(items, weights);
        }

        return new TrainingCorpus(vocabulary, store);
    }

    /// <summary>The items.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>
    /// All sessions, of the same vocabulary, where this is a selection of them (<see cref="SessionSelection"/>): what the smoothing goes by. Null where these are all.
    /// </summary>
    public TrainingCorpus? Whole { get; internal init; }

    /// <summary>Number of sessions; none is empty.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Interactions in all sessions.</summary>
    public long WordCount => _sessions.WordCount;

    /// <summary>Memory held, in bytes, the vocabulary included.</summary>
    public long SizeBytes => _sessions.SizeBytes + (Whole?._sessions.SizeBytes ?? 0) + Vocabulary.SizeBytes;

    /// <summary>Whether some interaction's weight is not one.</summary>
    public bool HasWeights => _sessions.HasWeights;

    /// <summary>The weights of one session's interactions, to three significant digits; empty if all weights are one.</summary>
    public ReadOnlySpan<Half> Weights(int index) => _sessions.Weights(index);

    /// <summary>Item ordinals of one session, oldest first.</summary>
    public ReadOnlySpan<int> Session(int index) => _sessions[index];
}

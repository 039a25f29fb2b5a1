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

    /// <summary>The items.</summary>
    public Vocabulary Vocabulary { get; }

    /// <summary>Number of sessions; none is empty.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Interactions in all sessions.</summary>
    public long WordCount => _sessions.WordCount;

    /// <summary>Memory held, in bytes, the vocabulary included.</summary>
    public long SizeBytes => _sessions.SizeBytes + Vocabulary.SizeBytes;

    /// <summary>Whether some interaction's weight is not one.</summary>
    public bool HasWeights => _sessions.HasWeights;

    /// <summary>The weights of one session's interactions, to three significant digits; empty if all weights are one.</summary>
    public ReadOnlySpan<Half> Weights(int index) => _sessions.Weights(index);

    /// <summary>Item ordinals of one session, oldest first.</summary>
    public ReadOnlySpan<int> Session(int index) => _sessions[index];
}

namespace EmbeddingGrpc.Training;

/// <summary>Sessions as ordinals of one vocabulary, flat. Immutable after construction.</summary>
public sealed class TrainingCorpus
{
    /// <summary>The items.</summary>
    public Vocabulary Vocabulary => throw new NotImplementedException();

    /// <summary>Number of sessions.</summary>
    public int SessionCount => throw new NotImplementedException();

    /// <summary>Interactions in all sessions.</summary>
    public long WordCount => throw new NotImplementedException();

    /// <summary>Item ordinals of one session, oldest first.</summary>
    public ReadOnlySpan<int> Session(int index) => throw new NotImplementedException();
}

namespace EmbeddingGrpc.Training;

/// <summary>
/// Gathers interactions in any order and turns them into a corpus: grouped by user, in time order (ties in the order of arrival), cut where
/// the gap exceeds <c>sessionGap</c>. Not thread-safe.
/// </summary>
public sealed class SessionBuilder(TimeSpan sessionGap)
{
    /// <summary>Where one user's sequence is cut.</summary>
    public TimeSpan SessionGap => sessionGap;

    /// <summary>Interactions gathered.</summary>
    public long Count => throw new NotImplementedException();

    /// <summary>Adds one interaction.</summary>
    public void Add(string userId, string itemId, long eventTimeMs) => throw new NotImplementedException();

    /// <summary>Freezes the vocabulary (items with at least <paramref name="minimumCount"/> interactions) and the sessions.</summary>
    public TrainingCorpus Build(int minimumCount, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}

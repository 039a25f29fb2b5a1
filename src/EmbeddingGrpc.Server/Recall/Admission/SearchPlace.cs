namespace EmbeddingGrpc.Server.Recall.Admission;

/// <summary>The right to search on one thread. Dispose exactly once, when the search is over.</summary>
public readonly struct SearchPlace : IDisposable
{
    private readonly SearchGate? _gate;
    private readonly long _started;

    internal SearchPlace(SearchGate gate, long started) => (_gate, _started) = (gate, started);

    /// <inheritdoc/>
    public void Dispose() => _gate?.Leave(_started);
}

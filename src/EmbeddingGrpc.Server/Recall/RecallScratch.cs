using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>One thread's memory for searching, kept from search to search so that a recall allocates (almost) nothing.</summary>
internal sealed class RecallScratch
{
    [ThreadStatic]
    private static RecallScratch? _current;

    private float[] _query = [];
    private Neighbor[] _neighbors = [];

    /// <summary>The scratch of this thread. Not to be held over an await.</summary>
    public static RecallScratch Current => _current ??= new RecallScratch();

    /// <summary>Items that the search must not answer.</summary>
    public ExcludedItems Excluded { get; } = new();

    /// <summary>Items whose newest opinion is a dislike.</summary>
    public List<ItemOrdinal> Disliked { get; } = new(16);

    /// <summary>Items that make the query.</summary>
    public List<Pull> Pulls { get; } = new(64);

    /// <summary>Forgets the last search.</summary>
    public void Reset()
    {
        Excluded.Clear();
        Pulls.Clear();
        Disliked.Clear();
    }

    /// <summary>A zeroed query vector.</summary>
    public Span<float> Query(int dimension)
    {
        if (_query.Length < dimension) _query = new float[dimension];
        var query = _query.AsSpan(0, dimension);
        query.Clear();
        return query;
    }

    /// <summary>Room for the answer.</summary>
    public Span<Neighbor> Neighbors(int count)
    {
        if (_neighbors.Length < count) _neighbors = new Neighbor[count];
        return _neighbors.AsSpan(0, count);
    }
}

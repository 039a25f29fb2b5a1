using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Recall.Graph;

/// <summary>One thread's memory for walking, kept from walk to walk.</summary>
internal sealed class GraphScratch
{
    private GraphConnections _connections = new(0);
    private float[] _weights = [];
    private float[] _selection = [];
    private float[] _signals = [];
    private int[] _places = [];

    /// <summary>What the walks reached.</summary>
    public GraphScores Scores { get; } = new();

    /// <summary>What their first steps reached.</summary>
    public GraphScores FirstSteps { get; } = new();

    /// <summary>Candidates among what they reached, with their places in <see cref="Scores"/>.</summary>
    public List<(CandidateId Item, int Place)> Found { get; } = new(1024);

    /// <summary>Forgets the last walk.</summary>
    public void Reset()
    {
        Found.Clear();
        Scores.Clear();
        FirstSteps.Clear();
    }

    /// <summary>Room for the heaviest connections of an item; what it held before is gone.</summary>
    public GraphConnections Connections(int capacity)
    {
        if (_connections.Capacity != capacity) _connections = new GraphConnections(capacity);
        return _connections;
    }

    /// <summary>Room for one value for each item reached.</summary>
    public Span<float> Weights(int count) => Room(ref _weights, count);

    /// <summary>Further room for one value for each item reached.</summary>
    public Span<float> Signals(int count) => Room(ref _signals, count);

    /// <summary>Room for so many places of the scores.</summary>
    public Span<int> Places(int count) => Room(ref _places, count);

    /// <summary>The value that <paramref name="count"/> of the values reach; negative infinity where there are not more than that.</summary>
    /// <param name="values">Finite.</param>
    /// <param name="count">How many, at least 1.</param>
    public float Threshold(ReadOnlySpan<float> values, int count)
    {
        if (values.Length <= count) return float.NegativeInfinity;
        return Selection.NthLargest(values, count, Room(ref _selection, values.Length));
    }

    private static Span<T> Room<T>(ref T[] buffer, int count)
    {
        if (buffer.Length < count) buffer = new T[Math.Max(count, 2 * buffer.Length)];
        return buffer.AsSpan(0, count);
    }
}

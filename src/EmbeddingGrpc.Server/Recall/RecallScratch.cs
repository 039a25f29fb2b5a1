using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Recall.Blending;
using EmbeddingGrpc.Server.Recall.Graph;
using EmbeddingGrpc.Server.Recall.Interests;
using EmbeddingGrpc.Server.Recall.Users;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>One thread's memory for searching, kept from search to search so that a recall allocates (almost) nothing.</summary>
internal sealed class RecallScratch
{
    [ThreadStatic]
    private static RecallScratch? _current;

    private float[] _query = [];
    private float[] _mean = [];
    private float[] _likeness = [];
    private float[] _likenessMean = [];
    private float[] _userVector = [];
    private RecallScratch? _ofAnotherUser;
    private OtherUserRoom? _otherUser;
    private Neighbor[] _neighbors = [];
    private float[] _contributions = [];
    private int _contributionCount;

    /// <summary>The scratch of this thread. Not to be held over an await.</summary>
    public static RecallScratch Current => _current ??= new RecallScratch();

    /// <summary>Items that the search must not answer.</summary>
    public ExcludedItems Excluded { get; } = new();

    /// <summary>Items that are candidates already.</summary>
    public ExcludedItems Taken { get; } = new();

    /// <summary>Items whose newest opinion is a dislike.</summary>
    public List<CandidateId> Disliked { get; } = new(16);

    /// <summary>Items that make the query.</summary>
    public List<Pull> Pulls { get; } = new(64);

    /// <summary>Event times of the pulls of a history, newest first.</summary>
    public List<long> PullTimes { get; } = new(64);

    /// <summary>The pulls of a session while those of its user's history are found.</summary>
    public List<Pull> SessionPulls { get; } = new(64);

    /// <summary>What was found, best first in the end.</summary>
    public List<RecallCandidate> Candidates { get; } = new(1024);

    /// <summary>What speaks for each of the candidates, in the order in which they were found; kept only for who learns from it.</summary>
    public List<BlendSignals>? Signals { get; set; }

    /// <summary>What is found for the interests of a history one after the other.</summary>
    public InterestMerge Interests { get; } = new();

    /// <summary>What similar users did lately, with how much of it; kept from one search to the next.</summary>
    public Dictionary<CandidateId, float> UserItems { get; } = [];

    /// <summary>What is read of them.</summary>
    public OtherUserRoom OtherUser => _otherUser ??= new OtherUserRoom();

    /// <summary>A scratch for the histories of others while this one is in use.</summary>
    public RecallScratch OfAnotherUser => _ofAnotherUser ??= new RecallScratch();

    /// <summary>Memory for the graph.</summary>
    public GraphScratch Graph { get; } = new();

    /// <summary>Forgets the last search.</summary>
    public void Reset()
    {
        Excluded.Clear();
        Taken.Clear();
        Disliked.Clear();
        Pulls.Clear();
        PullTimes.Clear();
        SessionPulls.Clear();
        Candidates.Clear();
        Signals?.Clear();
        Graph.Reset();
        _contributionCount = 0;
    }

    /// <summary>Forgets what was found and for which pulls, and keeps what must not be answered.</summary>
    public void BeginAnother()
    {
        Taken.Clear();
        Pulls.Clear();
        Candidates.Clear();
        Signals?.Clear();
        Graph.Reset();
        _contributionCount = 0;
    }

    /// <summary>A zeroed query vector.</summary>
    public Span<float> Query(int dimension) => Cleared(ref _query, dimension);

    /// <summary>The query vector that was last made.</summary>
    public ReadOnlySpan<float> LastQuery(int dimension) => _query.AsSpan(0, dimension);

    /// <summary>A zeroed vector for who asks.</summary>
    public Span<float> UserVector(int dimension) => Cleared(ref _userVector, dimension);

    /// <summary>A zeroed vector for what the query's items are like.</summary>
    public Span<float> Likeness(int dimension) => Cleared(ref _likeness, dimension);

    /// <summary>What the query's items are like, as it was last made.</summary>
    public ReadOnlySpan<float> LastLikeness(int dimension) => _likeness.AsSpan(0, dimension);

    /// <summary>A zeroed vector for the mean of what items are like.</summary>
    public Span<float> LikenessMean(int dimension) => Cleared(ref _likenessMean, dimension);

    /// <summary>The mean that was last written there.</summary>
    public ReadOnlySpan<float> LastLikenessMean(int dimension) => _likenessMean.AsSpan(0, dimension);

    /// <summary>A zeroed vector for the mean of what is searched.</summary>
    public Span<float> Mean(int dimension) => Cleared(ref _mean, dimension);

    /// <summary>The mean that was last written.</summary>
    public ReadOnlySpan<float> LastMean(int dimension) => _mean.AsSpan(0, dimension);

    /// <summary>[candidates, pulls]: what each pull contributed; empty unless that was asked for.</summary>
    public Span<float> Contributions => _contributions.AsSpan(0, _contributionCount);

    /// <summary>Makes zeroed room for contributions.</summary>
    public void ClearContributions(int count)
    {
        Cleared(ref _contributions, count);
        _contributionCount = count;
    }

    /// <summary>Makes further zeroed room for contributions behind those that are there.</summary>
    public void ExtendContributions(int count)
    {
        if (_contributions.Length < count) Array.Resize(ref _contributions, count);
        _contributions.AsSpan(_contributionCount..count).Clear();
        _contributionCount = count;
    }

    /// <summary>Room for what an index finds.</summary>
    public Span<Neighbor> Neighbors(int count)
    {
        if (_neighbors.Length < count) _neighbors = new Neighbor[count];
        return _neighbors.AsSpan(0, count);
    }

    private static Span<float> Cleared(ref float[] buffer, int length)
    {
        if (buffer.Length < length) buffer = new float[length];
        var span = buffer.AsSpan(0, length);
        span.Clear();
        return span;
    }
}

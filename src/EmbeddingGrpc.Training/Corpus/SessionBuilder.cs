using System.Runtime.InteropServices;
using System.Text;

namespace EmbeddingGrpc.Training;

/// <summary>
/// Gathers interactions in any order and turns them into a corpus: grouped by user, in time order (ties in the order of arrival), cut where
/// the gap exceeds <c>sessionGap</c>. Not thread-safe.
/// </summary>
/// <remarks>
/// Sixteen bytes an interaction while gathering (twenty once a weight is not one), four more for each while building, and the ids: no
/// object per user or interaction. A single user's sequence longer than <see cref="SessionStore.MaximumLength"/> is cut there.
/// </remarks>
public sealed class SessionBuilder(TimeSpan sessionGap)
{
    private const int ChunkInteractions = 1 << 16;

    private readonly IdTable _users = new();
    private readonly VocabularyBuilder _items = new();
    private readonly List<Gathered[]> _chunks = [];

    // At the same places as the chunks; chunks without a weight other than one have null.
    private readonly List<float[]?> _weights = [];
    private int _chunkUsed = ChunkInteractions;
    private int[] _countOfUser = new int[16];
    private bool _built;

    /// <summary>Where one user's sequence is cut.</summary>
    public TimeSpan SessionGap => sessionGap;

    /// <summary>Users are grouped this many interactions at a time, which bounds the memory of grouping whatever the size of the corpus.</summary>
    internal int GroupInteractions { get; init; } = 1 << 22;

    /// <summary>Which sessions are kept; null for all.</summary>
    public SessionSelection? Selection { get; set; }

    /// <summary>Interactions gathered.</summary>
    public long Count { get; private set; }

    /// <summary>Adds one interaction.</summary>
    /// <param name="userId">Not empty.</param>
    /// <param name="itemId">Not empty.</param>
    /// <param name="eventTimeMs">Milliseconds on any clock.</param>
    /// <param name="weight">Finite and not negative; zero is as if it had not happened. A pair of interactions trains with the geometric mean of their weights.</param>
    /// <exception cref="ArgumentException">An id is empty, or the weight negative or not finite.</exception>
    /// <exception cref="InvalidOperationException">The corpus has been built already.</exception>
    public void Add(string userId, string itemId, long eventTimeMs, float weight = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(userId);
        ArgumentException.ThrowIfNullOrEmpty(itemId);
        ThrowIfBuilt();
        if (IsPositive(weight))
        {
            Add(_users.Intern(userId), _items.Add(itemId), eventTimeMs, weight);
        }
    }

    /// <summary>Adds one interaction whose ids are in UTF-8.</summary>
    /// <inheritdoc cref="Add(string, string, long, float)"/>
    public void Add(ReadOnlySpan<byte> userId, ReadOnlySpan<byte> itemId, long eventTimeMs, float weight = 1)
    {
        if (userId.IsEmpty || itemId.IsEmpty)
        {
            throw new ArgumentException($"The id is empty (user '{Encoding.UTF8.GetString(userId)}', item '{Encoding.UTF8.GetString(itemId)}').");
        }

        ThrowIfBuilt();
        if (IsPositive(weight))
        {
            Add(_users.Intern(userId), _items.Add(itemId), eventTimeMs, weight);
        }
    }

    /// <summary>Counts an interaction for the vocabulary that shall be in no session.</summary>
    /// <param name="itemId">Not empty.</param>
    /// <exception cref="InvalidOperationException">The corpus has been built already.</exception>
    public void CountOnly(string itemId)
    {
        ArgumentException.ThrowIfNullOrEmpty(itemId);
        ThrowIfBuilt();
        _items.Add(itemId);
    }

    /// <summary>
    /// Freezes the vocabulary (items with at least <paramref name="minimumCount"/> interactions) and the sessions, and forgets what was
    /// gathered. Users come in the order of their first interaction's arrival.
    /// </summary>
    /// <exception cref="InvalidOperationException">The corpus has been built already.</exception>
    public TrainingCorpus Build(int minimumCount, CancellationToken cancellationToken = default)
    {
        ThrowIfBuilt();
        _built = true;
        var vocabulary = _items.Build(minimumCount, out int[] ordinals);
        var sessions = new SessionStore();
        var whole = Selection is null ? null : new SessionStore();
        for (int firstUser = 0; firstUser < _users.Count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            firstUser = AddUsers(firstUser, ordinals, sessions, whole, cancellationToken);
        }

        _chunks.Clear();
        _weights.Clear();
        return new TrainingCorpus(vocabulary, sessions) { Whole = whole is null ? null : new TrainingCorpus(vocabulary, whole) };
    }

    private void ThrowIfBuilt()
    {
        if (_built)
        {
            throw new InvalidOperationException("The corpus has been built; a new one needs a new builder.");
        }
    }

    private static bool IsPositive(float weight)
    {
        // A weight beyond the range of half precision would be stored as infinity.
        if (!(weight >= 0) || weight > (float)Half.MaxValue)
        {
            throw new ArgumentOutOfRangeException(nameof(weight), weight, $"A weight is between 0 and {Half.MaxValue}.");
        }

        return weight > 0;
    }

    private void Add(int user, int item, long eventTimeMs, float weight)
    {
        if (_chunkUsed == ChunkInteractions)
        {
            _chunks.Add(new Gathered[ChunkInteractions]);
            _weights.Add(null);
            _chunkUsed = 0;
        }

        if (user >= _countOfUser.Length)
        {
            Array.Resize(ref _countOfUser, checked(_countOfUser.Length * 2));
        }

        if (weight != 1 && _weights[^1] is null)
        {
            _weights[^1] = new float[ChunkInteractions];
            _weights[^1]!.AsSpan().Fill(1);
        }

        if (_weights[^1] is { } weights)
        {
            weights[_chunkUsed] = weight;
        }

        _countOfUser[user]++;
        _chunks[^1][_chunkUsed++] = new Gathered(eventTimeMs, user, item);
        Count++;
    }

    /// <summary>Appends the sessions of as many users from <paramref name="firstUser"/> on as fit a group. Returns the first user left.</summary>
    private int AddUsers(int firstUser, int[] ordinals, SessionStore sessions, SessionStore? whole, CancellationToken cancellationToken)
    {
        int endUser = firstUser;
        int total = 0;
        while (endUser < _users.Count && (endUser == firstUser || total + _countOfUser[endUser] <= GroupInteractions))
        {
            total += _countOfUser[endUser++];
        }

        // A counting sort by user: stable, so that equal times stay in the order of arrival below.
        var next = new int[endUser - firstUser + 1];
        for (int user = firstUser; user < endUser; user++)
        {
            next[user - firstUser + 1] = next[user - firstUser] + _countOfUser[user];
        }

        var grouped = new TimedItem[total];
        for (int chunk = 0; chunk < _chunks.Count; chunk++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int used = chunk == _chunks.Count - 1 ? _chunkUsed : ChunkInteractions;
            for (int i = 0; i < used; i++)
            {
                ref readonly var gathered = ref _chunks[chunk][i];
                if (gathered.User >= firstUser && gathered.User < endUser)
                {
                    int at = next[gathered.User - firstUser]++;
                    bool recent = Selection is not null && ((long)chunk * ChunkInteractions) + i >= Selection.FirstRecent;
                    grouped[at] = new TimedItem(gathered.EventTimeMs, at, gathered.Item, _weights[chunk]?[i] ?? 1, recent);
                }
            }
        }

        int start = 0;
        var items = new List<int>();
        var weights = new List<float>();
        for (int user = firstUser; user < endUser; user++)
        {
            Cut(user, grouped.AsSpan(start, _countOfUser[user]), ordinals, sessions, whole, items, weights);
            start += _countOfUser[user];
        }

        return endUser;
    }

    private void Cut(int user, Span<TimedItem> sequence, int[] ordinals, SessionStore sessions, SessionStore? whole, List<int> items, List<float> weights)
    {
        SortByTime(sequence);
        double gapMs = sessionGap.TotalMilliseconds;
        var lot = RandomSource.For(Selection?.Seed ?? 0, (ulong)user);

        // Where the first recent interaction is among those of the session that are kept; -1 for none.
        int recent = -1;
        for (int i = 0; i < sequence.Length; i++)
        {
            // An item that is left out of the vocabulary still shows that its user was there.
            if (i > 0 && (double)sequence[i].EventTimeMs - sequence[i - 1].EventTimeMs > gapMs)
            {
                Flush();
            }

            int ordinal = ordinals[sequence[i].Item];
            if (ordinal >= 0)
            {
                recent = recent < 0 && sequence[i].IsRecent ? items.Count : recent;
                items.Add(ordinal);
                weights.Add(sequence[i].Weight);
            }
        }

        Flush();

        void Flush()
        {
            // The lot is drawn for every session, so that it does not depend on which of them are recent.
            int first = Selection is null || lot.NextSingle() < Selection.ReplayShare ? 0 : recent < 0 ? items.Count : Math.Max(0, recent - Selection.Reach);
            whole?.Add(CollectionsMarshal.AsSpan(items), CollectionsMarshal.AsSpan(weights));
            sessions.Add(CollectionsMarshal.AsSpan(items)[first..], CollectionsMarshal.AsSpan(weights)[first..]);
            items.Clear();
            weights.Clear();
            recent = -1;
        }
    }

    /// <summary>Most users' interactions arrive in time order: looking costs less than sorting what is sorted.</summary>
    private static void SortByTime(Span<TimedItem> sequence)
    {
        for (int i = 1; i < sequence.Length; i++)
        {
            if (sequence[i].EventTimeMs < sequence[i - 1].EventTimeMs)
            {
                sequence.Sort();
                return;
            }
        }
    }

    private readonly record struct Gathered(long EventTimeMs, int User, int Item);

    private readonly record struct TimedItem(long EventTimeMs, int Arrival, int Item, float Weight, bool IsRecent) : IComparable<TimedItem>
    {
        public int CompareTo(TimedItem other)
        {
            int byTime = EventTimeMs.CompareTo(other.EventTimeMs);
            return byTime != 0 ? byTime : Arrival.CompareTo(other.Arrival);
        }
    }
}

namespace EmbeddingGrpc.Server.Recall.Admission;

/// <summary>
/// Lets so many searches run at once, and others wait in order for as long as is worth it. What came too much is refused before any work is done
/// for it, so that beyond capacity the daemon spends its time on what it answers. Thread-safe; a short lock.
/// </summary>
/// <remarks>
/// The queue is bounded by time rather than by length: how long a newcomer would wait is told by the searches in front of it and by what searches
/// took lately, which adapts to the model, the filters and the machine.
/// </remarks>
public sealed class SearchGate
{
    // Follows a change of load within some tens of searches.
    private const double Newest = 1.0 / 32;

    // A burst of so many a place is no overload, however slow the searches: callers that come together must wait for each other.
    private const int Burst = 16;

    private readonly AdmissionOptions _options;
    private readonly TimeProvider _time;
    private readonly RecallMetrics _metrics;
    private readonly int _places;
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private int _searching;
    private double _averageTicks;

    /// <summary>Opens the gate.</summary>
    public SearchGate(AdmissionOptions options, TimeProvider time, RecallMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(metrics);
        (_options, _time, _metrics) = (options, time, metrics);
        _places = options.MaximumSearches == 0 ? Environment.ProcessorCount : options.MaximumSearches;
        metrics.Watch(this);
    }

    /// <summary>Searches that run.</summary>
    public int Searching => Volatile.Read(ref _searching);

    /// <summary>Searches that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate) return _waiting.Count;
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="isTaken">Part of a call that was taken already: waits however long it takes, instead of being refused.</param>
    /// <param name="cancellationToken">Gives up, and gives the place in the queue up.</param>
    /// <exception cref="RecallOverloadedException">The wait would be too long.</exception>
    public ValueTask<SearchPlace> EnterAsync(bool isTaken, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_gate)
        {
            if (_searching < _places)
            {
                _searching++;
                return ValueTask.FromResult(new SearchPlace(this, _time.GetTimestamp()));
            }

            if (!isTaken && IsOverloaded(out var wait)) throw Refusal(wait);
            waiter = new Waiter(this, isTaken, _time.GetTimestamp());
            waiter.Node = _waiting.AddLast(waiter);
        }

        return new ValueTask<SearchPlace>(waiter.WaitAsync(cancellationToken));
    }

    /// <summary>Refuses a call of many searches before its first one, if a search would be refused now.</summary>
    /// <exception cref="RecallOverloadedException">The wait would be too long.</exception>
    public void RequireCapacity()
    {
        lock (_gate)
            if (_searching >= _places && IsOverloaded(out var wait))
                throw Refusal(wait);
    }

    internal void Leave(long started)
    {
        var now = _time.GetTimestamp();
        lock (_gate)
        {
            _averageTicks += (_averageTicks == 0 ? 1 : Newest) * (_time.GetElapsedTime(started, now).Ticks - _averageTicks);
            while (_waiting.First is { } first)
            {
                _waiting.Remove(first);
                first.Value.Node = null;
                // Searches became slower than they were when it came. Those behind it have waited less.
                if (!first.Value.IsTaken && _waiting.Count >= Burst * _places && _time.GetElapsedTime(first.Value.Since, now) > 2 * _options.MaximumWait) first.Value.TryRefuse(Refusal(ExpectedWait()));
                else if (first.Value.TryAdmit(new SearchPlace(this, now))) return;
            }

            _searching--;
        }
    }

    private bool IsOverloaded(out TimeSpan wait)
    {
        wait = ExpectedWait();
        return _waiting.Count >= _options.MaximumWaiting || (wait > _options.MaximumWait && _waiting.Count >= Burst * _places);
    }

    private TimeSpan ExpectedWait() => TimeSpan.FromTicks((long)(_averageTicks * (_waiting.Count + 1) / _places));

    private RecallOverloadedException Refusal(TimeSpan wait)
    {
        _metrics.Shed();
        var least = wait > _options.MaximumWait ? wait : _options.MaximumWait;
        return new RecallOverloadedException(_waiting.Count, _options.MaximumWait, least * (1 + Random.Shared.NextDouble()));
    }

    /// <summary>A search that waits. Its place comes, it is refused, or it gives up: the first of them counts.</summary>
    private sealed class Waiter(SearchGate gate, bool isTaken, long since)
        : TaskCompletionSource<SearchPlace>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public bool IsTaken { get; } = isTaken;

        public long Since { get; } = since;

        /// <summary>Where it stands; null once it does not wait any more. Under the gate's lock.</summary>
        public LinkedListNode<Waiter>? Node { get; set; }

        public async Task<SearchPlace> WaitAsync(CancellationToken cancellationToken)
        {
            await using var registration = cancellationToken.UnsafeRegister(static (waiter, token) => ((Waiter)waiter!).GiveUp(token), this);
            return await Task;
        }

        public bool TryAdmit(SearchPlace place) => TrySetResult(place);

        public void TryRefuse(RecallOverloadedException refusal) => TrySetException(refusal);

        private void GiveUp(CancellationToken cancellationToken)
        {
            lock (gate._gate)
            {
                if (Node is not { } node) return;
                gate._waiting.Remove(node);
                Node = null;
            }

            TrySetCanceled(cancellationToken);
        }
    }
}

namespace EmbeddingGrpc.EventLog.Appending;

/// <summary>
/// Batches between their callers and the appender, first come first served, bounded by number and by bytes until they are durable, and by how far
/// ahead of a follower the log may run. Many callers, one taker.
/// </summary>
internal sealed class AppendQueue(int maximumBatches, long maximumBytes, long durable = 0)
{
    private readonly object _lock = new();
    private readonly Queue<PendingAppend> _ready = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private int _heldBatches;
    private long _heldBytes;
    private long _heldEntries;
    private long _durable = durable;
    private long _admitBefore = long.MaxValue;
    private bool _completed;

    /// <summary>Bytes of the batches that are not durable yet.</summary>
    public long HeldBytes
    {
        get
        {
            lock (_lock) return _heldBytes;
        }
    }

    /// <summary>Completes when the batch has its place. Cancelling gives the place up; after it the batch is on its way and cannot be taken back.</summary>
    public ValueTask EnqueueAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Waiter waiter;
        lock (_lock)
        {
            ThrowIfCompleted();
            if (_waiting.Count == 0 && HasPlaceFor(append))
            {
                Admit(append);
                return ValueTask.CompletedTask;
            }
            waiter = new Waiter(append);
            _waiting.AddLast(waiter.Node);
        }
        return new ValueTask(WaitAsync(waiter, cancellationToken));
    }

    /// <summary>Waits for batches and moves whole ones into <paramref name="group"/>, at least one and then up to about that many bytes.</summary>
    /// <returns>False once the queue is completed and empty.</returns>
    public bool Take(List<PendingAppend> group, long groupBytes)
    {
        lock (_lock)
        {
            while (_ready.Count == 0)
            {
                if (_completed) return false;
                Monitor.Wait(_lock);
            }
            return TryTake(group, groupBytes);
        }
    }

    /// <summary>The same without waiting; false if there is nothing.</summary>
    public bool TryTake(List<PendingAppend> group, long groupBytes)
    {
        lock (_lock)
        {
            for (var bytes = 0L; _ready.TryPeek(out var next) && (group.Count == 0 || bytes + next.Bytes <= groupBytes); bytes += next.Bytes)
                group.Add(_ready.Dequeue());
            return group.Count > 0;
        }
    }

    /// <summary>Gives the places of finished batches to those who wait.</summary>
    /// <param name="group">Durable, or refused.</param>
    /// <param name="durable">The log's end.</param>
    public void Release(List<PendingAppend> group, long durable)
    {
        lock (_lock)
        {
            _durable = durable;
            _heldBatches -= group.Count;
            foreach (var append in group)
            {
                _heldBytes -= append.Bytes;
                _heldEntries -= append.Batch.EntryCount;
            }
            AdmitWaiting();
        }
    }

    /// <summary>From now on a batch gets its place only while what is durable and what is held end before this offset.</summary>
    public void AdmitBefore(long offset)
    {
        lock (_lock)
        {
            _admitBefore = offset;
            AdmitWaiting();
        }
    }

    /// <summary>No batch gets in any more; those that are in are still taken.</summary>
    public void Complete()
    {
        lock (_lock)
        {
            _completed = true;
            foreach (var waiter in _waiting) waiter.Admitted.TrySetException(Closed());
            _waiting.Clear();
            Monitor.PulseAll(_lock);
        }
    }

    // A single batch larger than the bounds passes alone; what follows the log is waited for all the same, since it always gets on.
    private bool HasPlaceFor(PendingAppend append) =>
        _durable + _heldEntries < _admitBefore
        && (_heldBatches == 0 || (_heldBatches < maximumBatches && _heldBytes + append.Bytes <= maximumBytes));

    private void AdmitWaiting()
    {
        while (_waiting.First is { } first && HasPlaceFor(first.Value.Append))
        {
            _waiting.RemoveFirst();
            if (first.Value.Admitted.TrySetResult()) Admit(first.Value.Append);
        }
    }

    private void Admit(PendingAppend append)
    {
        _heldBatches++;
        _heldBytes += append.Bytes;
        _heldEntries += append.Batch.EntryCount;
        _ready.Enqueue(append);
        if (_ready.Count == 1) Monitor.Pulse(_lock);
    }

    private async Task WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (queue, waiter) = ((AppendQueue, Waiter))state!;
                queue.GiveUp(waiter, token);
            },
            (this, waiter));
        await waiter.Admitted.Task.ConfigureAwait(false);
    }

    private void GiveUp(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (waiter.Admitted.TrySetCanceled(cancellationToken)) waiter.Node.List?.Remove(waiter.Node);
        }
    }

    private void ThrowIfCompleted()
    {
        if (_completed) throw Closed();
    }

    private static ObjectDisposedException Closed() => new(nameof(InteractionLog), "The event log is closed.");

    private sealed class Waiter
    {
        public Waiter(PendingAppend append)
        {
            Append = append;
            Node = new LinkedListNode<Waiter>(this);
        }

        public PendingAppend Append { get; }

        public LinkedListNode<Waiter> Node { get; }

        public TaskCompletionSource Admitted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

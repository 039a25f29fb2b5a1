using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>
/// What an <see cref="EventStream"/> still holds: sealed batches that wait for their acknowledgement, the next one to send among them, and the batch
/// being filled. Knows nothing of the network. All members may be called by any thread; one lock, held for the encoding of one interaction.
/// </summary>
internal sealed class SendBuffer
{
    /// <summary>A request stays far below gRPC's default limit of 4 MB whatever the ids.</summary>
    private const int MaximumBatchBytes = 1024 * 1024;

    /// <summary>Typical bytes of an encoded interaction: sizes the first buffer of a batch.</summary>
    private const int TypicalInteractionBytes = 48;

    private readonly Lock _gate = new();
    private readonly int _batchSize;
    private readonly int _capacity;
    private readonly int _initialBatchBytes;
    private readonly List<EventBatch> _sealed = [];
    private readonly Stack<EventBatch> _pool = [];
    private readonly TaskCompletionSource<ulong> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PriorityQueue<TaskCompletionSource, ulong> _durableWaiters = new();
    private EventBatch _filling;
    private bool _fillingIsDue;
    private int _nextToSend;
    private int _pending;
    private ulong _durableSequence;
    private ulong _lastNumber;
    private ulong _countFrom;
    private bool _numberingKnown;
    private bool _closed;
    private Exception? _failure;
    private TaskCompletionSource? _room;

    /// <param name="batchSize">Interactions of a full batch.</param>
    /// <param name="capacity">Interactions held at most.</param>
    /// <param name="numberingKnown">False where another process may have used the producer's name: counting then waits for <see cref="Start"/>.</param>
    public SendBuffer(int batchSize, int capacity, bool numberingKnown)
    {
        _batchSize = batchSize;
        _capacity = capacity;
        _initialBatchBytes = Math.Min(batchSize * TypicalInteractionBytes, MaximumBatchBytes);
        _numberingKnown = numberingKnown;
        _filling = NewBatch();
    }

    /// <summary>Told, under no lock, when the first interaction of a batch was added: the linger begins.</summary>
    public Action? BatchBegun { get; set; }

    /// <summary>Told, under no lock, when there is something to send or nothing will come any more.</summary>
    public Action? WorkAvailable { get; set; }

    /// <summary>Interactions held: not known to be on disk.</summary>
    public int Pending
    {
        get
        {
            lock (_gate) return _pending;
        }
    }

    /// <summary>The number given out last.</summary>
    public ulong LastNumber
    {
        get
        {
            lock (_gate) return _lastNumber;
        }
    }

    /// <summary>Every number up to this one is on disk or refused.</summary>
    public ulong DurableSequence
    {
        get
        {
            lock (_gate) return _durableSequence;
        }
    }

    /// <summary>Completes with the daemon's first answer: the highest number that it had on disk.</summary>
    public Task<ulong> Started => _started.Task;

    /// <summary>What ended everything; null while nothing has.</summary>
    public Exception? Failure
    {
        get
        {
            lock (_gate) return _failure;
        }
    }

    /// <summary>Whether it was closed and everything in it is on disk or refused.</summary>
    public bool IsDrained
    {
        get
        {
            lock (_gate) return _closed && _pending == 0;
        }
    }

    /// <summary>Adds an interaction.</summary>
    /// <param name="fields">What to send.</param>
    /// <param name="number">0 to count; on return the number that it has.</param>
    /// <returns>False when there is no room: wait for <see cref="WaitForRoomAsync"/> and try again.</returns>
    /// <exception cref="ArgumentException">The number does not rise, or an id cannot be encoded. Nothing was added.</exception>
    public bool TryAdd(in InteractionFields fields, ref ulong number)
    {
        bool begun, full;
        lock (_gate)
        {
            ThrowIfOver();
            if (_pending >= _capacity || (number == 0 && !_numberingKnown)) return false;
            if (number == 0) number = Math.Max(_lastNumber, _countFrom) + 1;
            else if (number <= _lastNumber) throw NotRising(number);
            else if (number <= _durableSequence)
            {
                // The daemon has it from an earlier run: nothing to send.
                _lastNumber = number;
                return true;
            }
            if (_filling.Count == 0) _filling.BelongTo(Activity.Current);
            var target = _filling.GetSpan(InteractionEncoder.MaximumSize(in fields));
            var written = InteractionEncoder.Write(target, number, in fields);
            _filling.Advance(written, number);
            _lastNumber = number;
            _pending++;
            full = _filling.Count >= _batchSize || _filling.Encoded.Length >= MaximumBatchBytes;
            begun = _filling.Count == 1;
            if (full) SealFilling();
        }
        if (full) WorkAvailable?.Invoke();
        else if (begun) BatchBegun?.Invoke();
        return true;
    }

    /// <summary>Completes when there may be room again. Throws what ended the stream.</summary>
    public Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        Task room;
        lock (_gate)
        {
            ThrowIfOver();
            if (_pending < _capacity && _numberingKnown) return Task.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            room = _room.Task;
        }
        // Whoever waits for room must not wait for the linger too.
        Seal();
        return room.WaitAsync(cancellationToken);
    }

    /// <summary>Lets what was added so far be sent without waiting for a full batch.</summary>
    public void Seal()
    {
        lock (_gate)
        {
            if (_filling.Count == 0) return;
            // Sealed by the sender when it comes to it: while it is busy or away, the batch goes on filling.
            _fillingIsDue = true;
        }
        WorkAvailable?.Invoke();
    }

    /// <summary>Lets nothing more in; the rest may be sent.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _fillingIsDue = true;
        }
        WorkAvailable?.Invoke();
    }

    /// <summary>Takes the next batch to send; <c>atEnd</c> when there is none and none will come.</summary>
    public bool TryTake([NotNullWhen(true)] out EventBatch? batch, out bool atEnd)
    {
        lock (_gate)
        {
            if (_nextToSend == _sealed.Count && _fillingIsDue && _filling.Count > 0) SealFilling();
            var available = _nextToSend < _sealed.Count;
            batch = available ? _sealed[_nextToSend++] : null;
            atEnd = !available && _closed;
            return available;
        }
    }

    /// <summary>A new connection begins: everything after <paramref name="durableSequence"/> is to be sent again.</summary>
    public void Start(ulong durableSequence)
    {
        lock (_gate)
        {
            if (!_numberingKnown)
            {
                _numberingKnown = true;
                _countFrom = durableSequence;
            }
            _nextToSend = 0;
        }
        Acknowledge(durableSequence);
        _started.TrySetResult(durableSequence);
        ReleaseRoom();
        WorkAvailable?.Invoke();
    }

    /// <summary>Everything up to <paramref name="durableSequence"/> is on disk or refused.</summary>
    /// <returns>False when that was known already.</returns>
    public bool Acknowledge(ulong durableSequence)
    {
        lock (_gate)
        {
            if (durableSequence <= _durableSequence) return false;
            _durableSequence = durableSequence;
            var done = 0;
            while (done < _sealed.Count && _sealed[done].LastNumber <= durableSequence) Recycle(_sealed[done++]);
            _sealed.RemoveRange(0, done);
            _nextToSend = Math.Max(0, _nextToSend - done);
            while (_durableWaiters.TryPeek(out _, out var number) && number <= durableSequence) _durableWaiters.Dequeue().TrySetResult();
        }
        ReleaseRoom();
        return true;
    }

    /// <summary>Completes when a number is on disk or refused. Throws what ended the stream.</summary>
    public Task WaitForDurableAsync(ulong number, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_gate)
        {
            if (number <= _durableSequence) return Task.CompletedTask;
            if (_failure is not null) return Task.FromException(_failure);
            waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _durableWaiters.Enqueue(waiter, number);
        }
        return waiter.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Everything is drained and no connection will be made any more.</summary>
    public void Finish() => _started.TrySetResult(DurableSequence);

    /// <summary>Ends everything with an exception.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            _started.TrySetException(_failure);
            // Nobody need wait for the start: read here, an exception that nobody awaits is not reported as unobserved.
            _ = _started.Task.Exception;
            while (_durableWaiters.TryDequeue(out var waiter, out _)) waiter.TrySetException(_failure);
            _room?.TrySetException(_failure);
            _room = null;
        }
        WorkAvailable?.Invoke();
    }

    private void ReleaseRoom()
    {
        lock (_gate)
        {
            // Half a buffer of room at a time: a sender that wakes for each acknowledged batch would spend its time waking.
            if (_room is null || _pending > _capacity / 2 || !_numberingKnown) return;
            _room.TrySetResult();
            _room = null;
        }
    }

    private void SealFilling()
    {
        Debug.Assert(_filling.Count > 0, "An empty batch is never sent.");
        var batch = _filling;
        _fillingIsDue = _closed;
        if (batch.LastNumber <= _durableSequence)
        {
            // Added before the daemon said how far this producer had come.
            _pending -= batch.Count;
            batch.Clear();
            return;
        }
        batch.Seal();
        if (batch.Encoded.Length < batch.CapacityBytes / 4)
        {
            // Many small batches may wait for their acknowledgement: none may hold on to a large one's memory.
            _sealed.Add(batch.ToCompact());
            batch.Clear();
            return;
        }
        _sealed.Add(batch);
        _filling = _pool.TryPop(out var used) ? used : NewBatch();
    }

    private void Recycle(EventBatch batch)
    {
        _pending -= batch.Count;
        if (batch.CapacityBytes < _initialBatchBytes) return;
        batch.Clear();
        _pool.Push(batch);
    }

    private void ThrowIfOver()
    {
        if (_failure is not null) throw _failure;
        if (_closed) throw new InvalidOperationException("The stream was completed; open another one to send more.");
    }

    private EventBatch NewBatch() => new(_initialBatchBytes);

    private ArgumentException NotRising(ulong number) =>
        new($"Number {number} does not follow {_lastNumber}: the numbers of a stream strictly increase.", nameof(number));
}

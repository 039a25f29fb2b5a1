using System.Runtime.ExceptionServices;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>How far the log is applied, and who waits for it to get further. One writer advances it; any number of threads read and wait.</summary>
internal sealed class AppliedWatermark
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Waiter, long> _waiters = new();
    private long _offset;
    private Exception? _failure;

    /// <summary>Starts at an offset.</summary>
    public AppliedWatermark(LogOffset start) => _offset = start.Value;

    /// <summary>Entries applied.</summary>
    public LogOffset Offset => new(Volatile.Read(ref _offset));

    /// <summary>Those who still wait.</summary>
    internal int WaiterCount
    {
        get
        {
            lock (_gate) return _waiters.Count;
        }
    }

    /// <summary>Moves the watermark and wakes whom it passed.</summary>
    public void Advance(LogOffset to)
    {
        Volatile.Write(ref _offset, to.Value);
        lock (_gate)
        {
            while (_waiters.TryPeek(out var waiter, out var offset) && offset <= to.Value)
            {
                _waiters.Dequeue();
                waiter.TrySetResult();
            }
        }
    }

    /// <summary>Ends every wait, now and later, with an exception: the watermark will not move again.</summary>
    public void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            while (_waiters.TryDequeue(out var waiter, out _)) waiter.TrySetException(_failure);
        }
    }

    /// <summary>Waits until every entry before an offset is applied.</summary>
    public ValueTask WaitAsync(LogOffset offset, CancellationToken cancellationToken)
    {
        if (offset <= Offset) return ValueTask.CompletedTask;
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled(cancellationToken);
        var waiter = new Waiter();
        lock (_gate)
        {
            // Advance moves the watermark before it looks for waiters, so one of the two sees the other.
            if (offset <= Offset) return ValueTask.CompletedTask;
            if (_failure is not null) return ValueTask.FromException(_failure);
            _waiters.Enqueue(waiter, offset.Value);
        }

        return cancellationToken.CanBeCanceled ? new ValueTask(WaitCancellableAsync(waiter, cancellationToken)) : new ValueTask(waiter.Task);
    }

    /// <summary>The same for a thread of one's own: blocks it, and wakes it without the thread pool, which may be busy.</summary>
    /// <returns>False where it was waited for <paramref name="most"/> in vain.</returns>
    public bool Wait(LogOffset offset, TimeSpan most, CancellationToken cancellationToken)
    {
        if (offset <= Offset) return true;
        var waiter = new Waiter();
        lock (_gate)
        {
            if (offset <= Offset) return true;
            if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
            _waiters.Enqueue(waiter, offset.Value);
        }

        try
        {
            return waiter.Task.Wait(most, cancellationToken);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
            throw;
        }
        finally
        {
            if (!waiter.Task.IsCompleted) Forget(waiter);
        }
    }

    private void Forget(Waiter waiter)
    {
        lock (_gate) _waiters.Remove(waiter, out _, out _);
    }

    private async Task WaitCancellableAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        await using var registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var (watermark, waiter) = ((AppliedWatermark, Waiter))state!;
                watermark.Forget(waiter);
                waiter.TrySetCanceled(token);
            },
            (this, waiter));
        await waiter.Task;
    }

    // Continuations run elsewhere: the applier's thread has the log to apply.
    private sealed class Waiter() : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
}

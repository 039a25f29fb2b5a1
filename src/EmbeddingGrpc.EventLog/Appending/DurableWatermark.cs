namespace EmbeddingGrpc.EventLog.Appending;

/// <summary>How many entries are durable, and a way to wait for more. One writer; any thread may read or wait.</summary>
internal sealed class DurableWatermark(long start)
{
    private long _value = start;
    private TaskCompletionSource? _nextChange;
    private Exception? _end;

    public long Value => Volatile.Read(ref _value);

    public void Advance(long value)
    {
        Interlocked.Exchange(ref _value, value);
        Interlocked.Exchange(ref _nextChange, null)?.TrySetResult();
    }

    /// <summary>It will never rise again.</summary>
    public void End(Exception reason)
    {
        Volatile.Write(ref _end, reason);
        Interlocked.MemoryBarrier();
        Interlocked.Exchange(ref _nextChange, null)?.TrySetResult();
    }

    /// <summary>Waits until it is above <paramref name="value"/>.</summary>
    public async ValueTask<long> WaitAboveAsync(long value, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Value > value) return Value;
            // The change is asked for before the value is read again: an advance in between completes the task that was asked for.
            var change = NextChange();
            if (Value > value) return Value;
            if (Volatile.Read(ref _end) is { } end) throw end;
            await change.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The same for a thread of one's own, which is woken by the writer itself and not by way of the thread pool, which may be busy.</summary>
    public long WaitAbove(long value, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (Value > value) return Value;
            var change = NextChange();
            if (Value > value) return Value;
            if (Volatile.Read(ref _end) is { } end) throw end;
            change.Wait(cancellationToken);
        }
    }

    private Task NextChange()
    {
        if (Volatile.Read(ref _nextChange) is { } existing) return existing.Task;
        var created = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref _nextChange, created, null) ?? created).Task;
    }
}

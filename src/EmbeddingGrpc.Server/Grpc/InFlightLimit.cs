namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Bounds the interactions of one stream that wait for the disk. One waiter (the stream's reader); any thread releases.</summary>
internal sealed class InFlightLimit(int maximum)
{
    private readonly Lock _gate = new();
    private int _held;
    private TaskCompletionSource? _released;

    /// <summary>Waits for places. More than the maximum passes alone.</summary>
    public async ValueTask AcquireAsync(int places, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task released;
            lock (_gate)
            {
                if (_held == 0 || _held + places <= maximum)
                {
                    _held += places;
                    return;
                }

                released = (_released ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await released.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Gives places back.</summary>
    public void Release(int places)
    {
        TaskCompletionSource? released;
        lock (_gate)
        {
            _held -= places;
            (released, _released) = (_released, null);
        }

        released?.SetResult();
    }
}

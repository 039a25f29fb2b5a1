namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// The first thing that happens when the daemon is told to stop: health says NOT_SERVING, then streams are told to come to an end, and have the time to tell their callers so.
/// Servers and models stop after it. Thread-safe.
/// </summary>
/// <remarks>
/// The server closes a connection as soon as its last stream has ended. A caller that is still sending on it finds that out before it has read how its stream ended, and takes
/// a shutdown that was announced for a failure of the connection.
/// </remarks>
public sealed class Drain(ServingStatus status, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedLifecycleService, IDisposable
{
    // How long the end of a stream may take to be written, sent and read.
    private static readonly TimeSpan LastWords = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _begun = new();
    private readonly TaskCompletionSource _begunTask = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private CancellationTokenRegistration _registration;
    private TaskCompletionSource? _ended;
    private int _streams;
    private bool _isBegun;

    // Of the streams that there were when it began.
    private Task? _toEnd;

    /// <summary>Cancelled once the daemon drains.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Completes once the daemon drains.</summary>
    public Task WhenBegun => _begunTask.Task;

    /// <summary>A stream has begun, which connections are kept open for until it has ended.</summary>
    /// <returns>To be disposed at its end.</returns>
    public IDisposable Join()
    {
        lock (_lock)
        {
            _streams++;
            _ended ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        return new Stream(this);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // As early as it can be known. A host that is stopped by a call says it only after StoppingAsync.
        _registration = lifetime.ApplicationStopping.Register(Begin);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Begin();
        if (_toEnd is null) return;
        // A host that has no more patience goes on without an error.
        await _toEnd.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(LastWords, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _begun.Dispose();
    }

    private void Begin()
    {
        lock (_lock)
        {
            if (_isBegun) return;
            _isBegun = true;
            _toEnd = _ended?.Task;
        }

        status.Close("The daemon is shutting down.");
        _begun.Cancel();
        _begunTask.SetResult();
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_streams > 0) return;
            _ended!.SetResult();
            _ended = null;
        }
    }

    private sealed class Stream(Drain drain) : IDisposable
    {
        private Drain? _drain = drain;

        public void Dispose() => Interlocked.Exchange(ref _drain, null)?.Leave();
    }
}

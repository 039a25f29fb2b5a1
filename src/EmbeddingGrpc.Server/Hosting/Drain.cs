namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// The first thing that happens when the daemon is told to stop: health says NOT_SERVING, then streams are told to come to an end. Servers
/// and models stop after it.
/// </summary>
public sealed class Drain(ServingStatus status, IHostApplicationLifetime lifetime) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _begun = new();
    private readonly TaskCompletionSource _begunTask = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenRegistration _registration;

    /// <summary>Cancelled once the daemon drains.</summary>
    public CancellationToken Begun => _begun.Token;

    /// <summary>Completes once the daemon drains.</summary>
    public Task WhenBegun => _begunTask.Task;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _registration = lifetime.ApplicationStopping.Register(Begin);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose()
    {
        _registration.Dispose();
        _begun.Dispose();
    }

    private void Begin()
    {
        status.Close("The daemon is shutting down.");
        _begun.Cancel();
        _begunTask.SetResult();
    }
}

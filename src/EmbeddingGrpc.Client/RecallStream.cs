using System.Diagnostics.CodeAnalysis;
using EmbeddingGrpc.Client.Calls;
using EmbeddingGrpc.Client.Streaming;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client;

/// <summary>
/// Many recalls over one stream: cheaper than a call each, and none waits for another's answer. When the stream ends, because the daemon shuts down or the
/// connection breaks, what has no answer is asked again over a new one. Any number of threads may ask.
/// </summary>
[SuppressMessage("Naming", "CA1711", Justification = "A stream of recalls, as the protocol has it; nobody takes it for a System.IO.Stream.")]
public sealed class RecallStream : IAsyncDisposable
{
    private readonly RecallService.RecallServiceClient _recall;
    private readonly Func<RecallRequest, RecallRequest> _complete;
    private readonly EmbeddingClientOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private RecallStreamConnection? _connection;
    private bool _disposed;

    internal RecallStream(
        RecallService.RecallServiceClient recall, Func<RecallRequest, RecallRequest> complete, EmbeddingClientOptions options, TimeProvider time) =>
        (_recall, _complete, _options, _time) = (recall, complete, options, time);

    /// <summary>The k best items for one query.</summary>
    /// <exception cref="RpcException">As <see cref="EmbeddingClient.RecallAsync"/>; RESOURCE_EXHAUSTED: the daemon has too much to do. The stream goes on.</exception>
    /// <exception cref="ObjectDisposedException">The stream was disposed.</exception>
    public async Task<RecallResponse> RecallAsync(RecallRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request = _complete(request);
        var backoff = new ReconnectBackoff(RetryPolicies.InitialBackoff, RetryPolicies.MaximumBackoff, Random.Shared);
        using var timeout = new CancellationTokenSource(_options.CallTimeout, _time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await Connection().AskAsync(request, ended.Token);
                }
                catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && attempt < _options.MaximumAttempts)
                {
                    await Task.Delay(backoff.Next(RpcErrorText.RetryDelay(e)), _time, ended.Token);
                }
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"No answer within {_options.CallTimeout}."));
        }
    }

    /// <summary>Asks nothing more, waits for what was asked, and ends the stream.</summary>
    public async ValueTask DisposeAsync()
    {
        RecallStreamConnection? connection;
        lock (_gate)
        {
            _disposed = true;
            (connection, _connection) = (_connection, null);
        }

        if (connection is not null) await connection.CompleteAsync(_options.CallTimeout, _time);
    }

    private RecallStreamConnection Connection()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_connection is { IsOver: false } connection) return connection;
            return _connection = new RecallStreamConnection(_recall);
        }
    }
}

using System.Threading.Channels;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>One call of <c>StreamRecall</c>: who asked what, by tag. Ends once, and then fails all that have no answer. Thread-safe.</summary>
internal sealed class RecallStreamConnection
{
    private static readonly WriteOptions MoreFollows = new(WriteFlags.BufferHint);

    private readonly AsyncDuplexStreamingCall<StreamRecallRequest, StreamRecallResponse> _call;
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, TaskCompletionSource<RecallResponse>> _unanswered = [];
    private readonly Channel<StreamRecallRequest> _asked = Channel.CreateUnbounded<StreamRecallRequest>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _reading;
    private readonly Task _writing;
    private ulong _lastTag;
    private RpcException? _end;

    public RecallStreamConnection(RecallService.RecallServiceClient recall)
    {
        // No deadline: it lives as long as there is something to ask.
        _call = recall.StreamRecall();
        _reading = Task.Run(ReadAsync);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Whether nothing more can be asked.</summary>
    public bool IsOver
    {
        get
        {
            lock (_gate) return _end is not null;
        }
    }

    /// <summary>Asks and waits for the answer.</summary>
    /// <exception cref="RpcException">The query has no answer, or the stream ended before it.</exception>
    public async Task<RecallResponse> AskAsync(RecallRequest request, CancellationToken cancellationToken)
    {
        var answer = new TaskCompletionSource<RecallResponse>(TaskCreationOptions.RunContinuationsAsynchronously);
        ulong tag;
        lock (_gate)
        {
            if (_end is not null) throw _end;
            tag = ++_lastTag;
            _unanswered.Add(tag, answer);
        }

        try
        {
            // After the end nobody writes any more, and the end has failed this one with the others.
            _asked.Writer.TryWrite(new StreamRecallRequest { Tag = tag, Request = request });
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_gate) _unanswered.Remove(tag);
        }
    }

    /// <summary>Half-closes, waits for the answers, and ends the call.</summary>
    public async Task CompleteAsync(TimeSpan patience, TimeProvider time)
    {
        _asked.Writer.TryComplete();
        await Task.WhenAny(_reading, Task.Delay(patience, time));
        _call.Dispose();
        await Task.WhenAll(_reading, _writing);
    }

    private async Task WriteAsync()
    {
        try
        {
            await foreach (var request in _asked.Reader.ReadAllAsync())
            {
                // More is to be asked: it leaves in one write.
                _call.RequestStream.WriteOptions = _asked.Reader.TryPeek(out _) ? MoreFollows : null;
                await _call.RequestStream.WriteAsync(request);
            }

            await _call.RequestStream.CompleteAsync();
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The call has ended: why it says to its reader, which fails all that have no answer.
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var response in _call.ResponseStream.ReadAllAsync()) Take(response);
            End(new RpcException(new Status(StatusCode.Unavailable, "The daemon ended the stream.")));
        }
        catch (RpcException e)
        {
            End(e);
        }
    }

    private void Take(StreamRecallResponse response)
    {
        TaskCompletionSource<RecallResponse>? answer;
        lock (_gate)
            if (!_unanswered.Remove(response.Tag, out answer))
                return; // Given up meanwhile.
        if (response.Error is { } error) answer.SetException(error.ToRpcException());
        else answer.SetResult(response.Response);
    }

    private void End(RpcException end)
    {
        List<TaskCompletionSource<RecallResponse>> left;
        lock (_gate)
        {
            _end = end;
            left = [.. _unanswered.Values];
            _unanswered.Clear();
        }

        _asked.Writer.TryComplete();
        foreach (var answer in left) answer.TrySetException(end);
    }
}

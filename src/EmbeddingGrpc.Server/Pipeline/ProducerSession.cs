using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>
/// A producer's turn at the log, from a stream's start until it ends or a newer one takes over. Any number of threads.
/// </summary>
public sealed class ProducerSession : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _fenced = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for being open, one until the session before it is drained, one for each append on its way.
    private int _holds = 2;
    private bool _open = true;

    internal ProducerSession(ProducerId producer) => Producer = producer;

    /// <summary>Whose turn it is.</summary>
    public ProducerId Producer { get; }

    /// <summary>Cancelled when a newer session of the producer has taken over.</summary>
    public CancellationToken Fenced => _fenced.Token;

    /// <summary>Completes when nothing of this session, nor of one before it, is on its way to the log any more.</summary>
    internal Task Drained => _drained.Task;

    /// <summary>Must come before every append.</summary>
    /// <returns>False where the session has ended or was fenced: nothing may be appended.</returns>
    public bool TryBeginAppend()
    {
        lock (_gate)
        {
            if (!_open) return false;
            _holds++;
            return true;
        }
    }

    /// <summary>Must come when an append has succeeded or failed.</summary>
    public void EndAppend() => Release();

    /// <summary>Ends the turn.</summary>
    public void Dispose() => Close();

    /// <summary>Ends the turn because a newer one begins, and tells the owner.</summary>
    internal Task FenceAsync() => Close() ? _fenced.CancelAsync() : Task.CompletedTask;

    /// <summary>Waits for the session before it.</summary>
    internal async Task FollowAsync(ProducerSession? older)
    {
        if (older is not null)
        {
            await older.FenceAsync();
            await older.Drained;
        }

        Release();
    }

    private bool Close()
    {
        lock (_gate)
        {
            if (!_open) return false;
            _open = false;
        }

        Release();
        return true;
    }

    private void Release()
    {
        lock (_gate)
        {
            if (--_holds > 0) return;
        }

        _drained.SetResult();
    }
}

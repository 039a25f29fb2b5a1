using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>An answer under way: its leader ends it once, and who asks the same meanwhile waits for that. Costs next to nothing where nobody does, as mostly. Thread-safe.</summary>
internal sealed class Flight
{
    private static readonly object Landed = new();

    // Null, then perhaps what somebody waits by, then Landed or the failure.
    private object? _state;
    private RecallAnswer _answer;

    /// <summary>Ends as the flight does; canceled where the leader gave up.</summary>
    public Task<RecallAnswer> Landing
    {
        get
        {
            var state = Volatile.Read(ref _state);
            if (state is null)
            {
                var awaited = new TaskCompletionSource<RecallAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
                state = Interlocked.CompareExchange(ref _state, awaited, null) ?? awaited;
            }

            return state switch
            {
                TaskCompletionSource<RecallAnswer> awaited => awaited.Task,
                OperationCanceledException => Task.FromCanceled<RecallAnswer>(new CancellationToken(canceled: true)),
                Exception failure => Task.FromException<RecallAnswer>(failure),
                _ => Task.FromResult(_answer),
            };
        }
    }

    /// <summary>Ends it with an answer.</summary>
    public void Land(RecallAnswer answer)
    {
        _answer = answer;
        (Interlocked.Exchange(ref _state, Landed) as TaskCompletionSource<RecallAnswer>)?.SetResult(answer);
    }

    /// <summary>Ends it without.</summary>
    public void Fail(Exception failure)
    {
        if (Interlocked.Exchange(ref _state, failure) is not TaskCompletionSource<RecallAnswer> awaited) return;
        if (failure is OperationCanceledException)
        {
            awaited.SetCanceled(CancellationToken.None);
            return;
        }

        awaited.SetException(failure);
        _ = awaited.Task.Exception; // Observed here: who waited may have given up.
    }
}

using System.Runtime.ExceptionServices;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Google.Protobuf.Collections;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// One pass over the queries of a batch: its own thread and some helpers each take the next query until there is none. Made for one pass; the helpers
/// share it.
/// </summary>
/// <remarks>
/// The calling thread begins at once, and whoever finishes the last query ends the pass: a helper that the pool is too busy to start is not waited for, and
/// finds nothing to do. Beside <c>Parallel.ForAsync</c>, which moves all work to the pool and waits for every worker, that is a sixth less time for answers
/// from memory; answers that are searched cost the same.
/// </remarks>
internal sealed class BatchPass(RecallCall call, RepeatedField<RecallRequest> requests, BatchGenerations generations, CancellationToken cancellationToken)
{
    private readonly RecallOutcome[] _outcomes = new RecallOutcome[requests.Count];
    private readonly TaskCompletionSource _done = new();
    private int _next = -1;
    private int _unanswered = requests.Count;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Answers every query.</summary>
    /// <param name="threads">That work on it, at most.</param>
    /// <returns>In the order of the requests.</returns>
    /// <exception cref="OperationCanceledException">The call was given up; no query of it is on its way any more.</exception>
    public async Task<RecallOutcome[]> RunAsync(int threads)
    {
        for (var helper = 1; helper < Math.Min(threads, _outcomes.Length); helper++)
            ThreadPool.QueueUserWorkItem(static pass => _ = pass.WorkAsync(), this, preferLocal: false);
        await WorkAsync();
        await _done.Task;
        _failure?.Throw();
        return _outcomes;
    }

    private async Task WorkAsync()
    {
        int place;
        while ((place = Interlocked.Increment(ref _next)) < _outcomes.Length)
        {
            try
            {
                // After a call was given up no further query of it is begun.
                if (Volatile.Read(ref _failure) is null) _outcomes[place] = await call.AnswerOneOfManyAsync(requests[place], generations, cancellationToken);
            }
            catch (Exception e)
            {
                Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(e));
            }

            if (Interlocked.Decrement(ref _unanswered) == 0) _done.SetResult();
        }
    }
}

using System.Collections.Concurrent;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Hot answers: in memory, then in Redis where there is one, else searched. One flight for each key: callers that ask the same at once wait
/// for the first. Thread-safe.
/// </summary>
/// <param name="memory">First level.</param>
/// <param name="remote">Second level; null without Redis.</param>
public sealed class RecallCache(MemoryLevel memory, RemoteLevel? remote)
{
    private readonly ConcurrentDictionary<RecallCacheKey, Task<RecallAnswer>> _flights = new();

    /// <summary>Finds an answer in memory.</summary>
    public bool TryGet(RecallCacheKey key, out RecallAnswer answer)
    {
        var hit = memory.TryGet(key, out var body);
        answer = hit ? new RecallAnswer(body, AnswerOrigin.Memory) : default;
        return hit;
    }

    /// <summary>Finds an answer behind the first level, or searches and keeps it. Call after <see cref="TryGet"/> missed.</summary>
    /// <param name="key">The query.</param>
    /// <param name="search">Searches; called at most once. Its failure is its caller's and those who wait with it.</param>
    /// <param name="cancellationToken">Gives up; who waits with this call goes on.</param>
    public async ValueTask<RecallAnswer> GetOrSearchAsync(RecallCacheKey key, Func<CancellationToken, ValueTask<byte[]>> search, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        while (true)
        {
            var flight = new TaskCompletionSource<RecallAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
            var flying = _flights.GetOrAdd(key, flight.Task);
            if (flying == flight.Task) return await LeadAsync(key, search, flight, cancellationToken);
            try
            {
                return await flying.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Who led the flight gave up; this caller did not.
            }
        }
    }

    /// <summary>Drops every answer to a user. Those of users are in memory only.</summary>
    public void Forget(string userId) => memory.Forget(userId);

    private async ValueTask<RecallAnswer> LeadAsync(
        RecallCacheKey key, Func<CancellationToken, ValueTask<byte[]>> search, TaskCompletionSource<RecallAnswer> flight, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await FindAsync(key, search, cancellationToken);
            flight.SetResult(answer);
            return answer;
        }
        catch (OperationCanceledException)
        {
            flight.SetCanceled(CancellationToken.None);
            throw;
        }
        catch (Exception e)
        {
            flight.SetException(e);
            _ = flight.Task.Exception; // Observed here: perhaps nobody waits.
            throw;
        }
        finally
        {
            // After the answer is in memory: who comes now finds it there.
            _flights.TryRemove(key, out _);
        }
    }

    private async ValueTask<RecallAnswer> FindAsync(RecallCacheKey key, Func<CancellationToken, ValueTask<byte[]>> search, CancellationToken cancellationToken)
    {
        if (remote is not null && await remote.TryGetAsync(key, cancellationToken) is { } shared)
        {
            memory.Set(key, shared);
            return new RecallAnswer(shared, AnswerOrigin.Redis);
        }

        var body = await search(cancellationToken);
        memory.Set(key, body);
        remote?.Set(key, body);
        return new RecallAnswer(body, AnswerOrigin.Search);
    }
}

using System.Collections.Concurrent;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>
/// Hot answers: in memory, then in Redis where there is one, else searched. One flight for each key: callers that ask the same at once wait
/// for the first. Thread-safe.
/// </summary>
/// <param name="memory">First level.</param>
/// <param name="remote">Second level; null without Redis.</param>
/// <param name="time">The clock by which searches are compared with lookups.</param>
public sealed class RecallCache(MemoryLevel memory, RemoteLevel? remote, TimeProvider time)
{
    private readonly ConcurrentDictionary<RecallCacheKey, Flight> _flights = new();

    /// <summary>Finds an answer in memory, or that a generation had none a moment ago, which is no hit.</summary>
    internal bool TryGet(RecallCacheKey key, out RecallAnswer answer, out MissingItem? missing)
    {
        var hit = memory.TryGet(key, out var body, out missing);
        answer = hit ? new RecallAnswer(body, AnswerOrigin.Memory) : default;
        return hit;
    }

    /// <summary>Keeps for a little while that there is no answer.</summary>
    internal void SetMissing(RecallCacheKey key, MissingItem missing) => memory.SetMissing(key, missing);

    /// <summary>Finds an answer behind the first level, or searches and keeps it. Call after <see cref="TryGet"/> missed.</summary>
    /// <param name="key">The query.</param>
    /// <param name="query">What is searched for, in the searcher's terms.</param>
    /// <param name="search">Searches; called at most once. Its failure is its caller's and those who wait with it.</param>
    /// <param name="isHot">The query is known to be asked often: its answer is kept whatever the room.</param>
    /// <param name="cancellationToken">Gives up; who waits with this call goes on.</param>
    public async ValueTask<RecallAnswer> GetOrSearchAsync<TQuery>(
        RecallCacheKey key, TQuery query, Func<TQuery, CancellationToken, ValueTask<byte[]>> search, bool isHot, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(search);
        while (true)
        {
            var flight = new Flight();
            var flying = _flights.GetOrAdd(key, flight);
            if (flying == flight) return await LeadAsync(key, query, search, isHot, flight, cancellationToken);
            try
            {
                return await flying.Landing.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Who led the flight gave up; this caller did not.
            }
        }
    }

    /// <summary>Drops every answer to a user. Those of users are in memory only.</summary>
    public void Forget(string userId) => memory.Forget(userId);

    private async ValueTask<RecallAnswer> LeadAsync<TQuery>(
        RecallCacheKey key,
        TQuery query,
        Func<TQuery, CancellationToken, ValueTask<byte[]>> search,
        bool isHot,
        Flight flight,
        CancellationToken cancellationToken)
    {
        try
        {
            var answer = await FindAsync(key, query, search, isHot, cancellationToken);
            flight.Land(answer);
            return answer;
        }
        catch (Exception e)
        {
            flight.Fail(e);
            throw;
        }
        finally
        {
            // After the answer is in memory: who comes now finds it there.
            _flights.TryRemove(key, out _);
        }
    }

    private async ValueTask<RecallAnswer> FindAsync<TQuery>(
        RecallCacheKey key, TQuery query, Func<TQuery, CancellationToken, ValueTask<byte[]>> search, bool isHot, CancellationToken cancellationToken)
    {
        if (remote is null)
        {
            var found = await search(query, cancellationToken);
            memory.Set(key, found, isHot);
            return new RecallAnswer(found, AnswerOrigin.Search);
        }

        if (await remote.TryGetAsync(key, cancellationToken) is { } shared)
        {
            memory.Set(key, shared, isHot);
            return new RecallAnswer(shared, AnswerOrigin.Redis);
        }

        var started = time.GetTimestamp();
        var body = await search(query, cancellationToken);
        remote.Searched(key.Kind, time.GetElapsedTime(started));
        memory.Set(key, body, isHot);
        remote.Set(key, body);
        return new RecallAnswer(body, AnswerOrigin.Search);
    }
}

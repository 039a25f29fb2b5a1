using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Answers queries: waits for the events they must see, leases the generation once, looks into the cache, searches. Thread-safe.</summary>
public sealed class CachedRecall(ModelRegistry models, RecallEngine engine, RecallCache cache, RecallCacheKeys keys, RecallMetrics metrics)
{
    // With more exclusions than this the widened answer that they are taken from would cost more than the search it saves.
    private const int MostExcludesFromCache = 64;

    /// <summary>Answers one query.</summary>
    /// <param name="model">Name of the model; empty for the default one.</param>
    /// <param name="query">The question.</param>
    /// <param name="minimumOffset">Answer only after everything before this log offset is applied.</param>
    /// <param name="cancellationToken">The caller's deadline and cancellation.</param>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="ModelUnavailableException">The model is not open.</exception>
    /// <exception cref="NoGenerationException">The model has never been trained.</exception>
    /// <exception cref="ItemNotInGenerationException">The generation knows none of the items that the query names.</exception>
    /// <exception cref="InvalidRecallQueryException">The query does not fit the model.</exception>
    public async ValueTask<RecallAnswer> AnswerAsync(string model, RecallQuery query, LogOffset minimumOffset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var started = Stopwatch.GetTimestamp();
        var runtime = models.Get(model);
        if (minimumOffset > runtime.Applier.AppliedOffset) await WaitForAsync(runtime, minimumOffset, cancellationToken);
        if (!runtime.Generations.TryLease(out var lease)) throw new NoGenerationException(runtime.Name);
        using (lease)
        {
            var answer = query.Subject is UserSubject user
                ? await AnswerUserAsync(runtime, lease.Generation, user, query, cancellationToken)
                : await AnswerAsync(runtime, lease.Generation, query, default, 0, cancellationToken);
            metrics.Answered(query.Subject.Kind, answer.Origin, started);
            return answer;
        }
    }

    private static async ValueTask WaitForAsync(ModelRuntime runtime, LogOffset offset, CancellationToken cancellationToken)
    {
        // An acknowledgement never runs ahead of the disk, so such an offset comes from elsewhere, and waiting for it could last for ever.
        if (offset > runtime.Log.DurableOffset)
        {
            throw new InvalidRecallQueryException(
                "minimum_offset",
                $"is {offset}; the log of model '{runtime.Name}' ends at {runtime.Log.DurableOffset}. Use the log_offset of an acknowledgement of the same model.");
        }

        await runtime.Applier.WaitForAppliedAsync(offset, cancellationToken);
    }

    private async ValueTask<RecallAnswer> AnswerUserAsync(
        ModelRuntime runtime, Generation generation, UserSubject user, RecallQuery query, CancellationToken cancellationToken)
    {
        var events = ArrayPool<HistoryEvent>.Shared.Rent(runtime.Histories.MaximumLength);
        try
        {
            if (!runtime.Histories.TryRead(user.UserId, events, out var count, out var version)) (count, version) = (0, 0);
            return await AnswerAsync(runtime, generation, query, events.AsMemory(0, count), version, cancellationToken);
        }
        finally
        {
            ArrayPool<HistoryEvent>.Shared.Return(events);
        }
    }

    private async ValueTask<RecallAnswer> AnswerAsync(
        ModelRuntime runtime, Generation generation, RecallQuery query, ReadOnlyMemory<HistoryEvent> history, long historyVersion, CancellationToken cancellationToken)
    {
        if (query.Excludes.Count == 0)
        {
            var key = keys.For(runtime.Name, generation.Id, query, historyVersion);
            if (key is null) return Search(generation, query, history, cancellationToken);
            return cache.TryGet(key, out var hit) ? hit : await FindAsync(key, generation, query, history, cancellationToken);
        }

        // Exclusions are taken out after the cache, from a wider answer that every exclusion list of this length shares.
        if (query.Excludes.Count <= MostExcludesFromCache && query.K + query.Excludes.Count <= RecallQuery.MaximumK)
        {
            var wide = (int)BitOperations.RoundUpToPowerOf2((uint)(query.K + query.Excludes.Count));
            var widened = query with { K = Math.Min(wide, RecallQuery.MaximumK), Excludes = [] };
            var key = keys.For(runtime.Name, generation.Id, widened, historyVersion);
            if (key is not null)
            {
                if (!cache.TryGet(key, out var answer)) answer = await FindAsync(key, generation, widened, history, cancellationToken);
                return answer with { Body = AnswerFilter.Apply(answer.Body.Span, query.Excludes.ToHashSet(StringComparer.Ordinal), query.K, out _) };
            }
        }

        return Search(generation, query, history, cancellationToken);
    }

    private ValueTask<RecallAnswer> FindAsync(
        RecallCacheKey key, Generation generation, RecallQuery query, ReadOnlyMemory<HistoryEvent> history, CancellationToken cancellationToken) =>
        cache.GetOrSearchAsync(key, token => SearchAndEncode(generation, query, history, token), cancellationToken);

    private RecallAnswer Search(Generation generation, RecallQuery query, ReadOnlyMemory<HistoryEvent> history, CancellationToken cancellationToken) =>
        new(SearchAndEncode(generation, query, history, cancellationToken), AnswerOrigin.Search);

    private byte[] SearchAndEncode(Generation generation, RecallQuery query, ReadOnlyMemory<HistoryEvent> history, CancellationToken cancellationToken) =>
        AnswerEncoder.Encode(generation, engine.Search(generation, query, history.Span, cancellationToken));
}

using System.Buffers;
using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Answers queries: waits for the events they must see, leases the generation once, looks into the cache, searches. Thread-safe.</summary>
public sealed class CachedRecall(
    ModelRegistry models, RecallEngine engine, RecallCache cache, RecallCacheKeys keys, RecallCacheOptions options, TimeProvider time, RecallMetrics metrics)
{
    // With more exclusions than this the widened answer that they are taken from would cost more than the search it saves.
    private const int MostExcludesFromCache = 64;

    private readonly ConditionalWeakTable<ItemGraph, GraphRevision> _revisions = [];

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
            var asked = new Asked(runtime, SpaceOf(runtime, lease.Generation), query, default, 0, RevisionFor(runtime, query, minimumOffset), runtime.Catalog.Deleted.Current);
            var answer = query.Subject is UserSubject user ? await AnswerUserAsync(asked, user, cancellationToken) : await AnswerAsync(asked, cancellationToken);
            metrics.Answered(query.Subject.Kind, answer.Origin, started);
            return answer;
        }
    }

    private static RecallSpace SpaceOf(ModelRuntime runtime, Generation generation) => new(generation, runtime.Items, runtime.Graph) { Catalog = runtime.Catalog };

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

    private long RevisionFor(ModelRuntime runtime, RecallQuery query, LogOffset minimumOffset) =>
        query.Subject is UserSubject or SessionSubject && query.Sources.HasFlag(RecallSources.Graph)
            ? _revisions.GetValue(runtime.Graph, graph => new GraphRevision(graph, options.GraphRevisionPeriod, time)).At(minimumOffset.Value)
            : 0;

    private async ValueTask<RecallAnswer> AnswerUserAsync(Asked asked, UserSubject user, CancellationToken cancellationToken)
    {
        var histories = asked.Model.Histories;
        var events = ArrayPool<HistoryEvent>.Shared.Rent(histories.MaximumLength);
        try
        {
            if (!histories.TryRead(user.UserId, events, out var count, out var version)) (count, version) = (0, 0);
            return await AnswerAsync(asked with { History = events.AsMemory(0, count), HistoryVersion = version }, cancellationToken);
        }
        finally
        {
            ArrayPool<HistoryEvent>.Shared.Return(events);
        }
    }

    private async ValueTask<RecallAnswer> AnswerAsync(Asked asked, CancellationToken cancellationToken)
    {
        var query = asked.Query;
        // Attributes change at any time, and filters differ from caller to caller: what is cached of them would seldom be asked for again.
        if (query.Filter is not null) return Search(asked, cancellationToken);
        if (query.Excludes.Count == 0)
        {
            var key = KeyOf(asked);
            if (key is null) return Search(asked, cancellationToken);
            if (!cache.TryGet(key, out var found)) found = await FindAsync(key, asked, cancellationToken);
            return IsOutdated(found, asked) ? Search(asked, cancellationToken) : found;
        }

        // Exclusions are taken out after the cache, from a wider answer that every exclusion list of this length shares.
        if (query.Excludes.Count <= MostExcludesFromCache && query.K + query.Excludes.Count <= RecallQuery.MaximumK)
        {
            var wide = (int)BitOperations.RoundUpToPowerOf2((uint)(query.K + query.Excludes.Count));
            var widened = asked with { Query = query with { K = Math.Min(wide, RecallQuery.MaximumK), Excludes = [] } };
            if (KeyOf(widened) is { } key)
            {
                if (!cache.TryGet(key, out var answer)) answer = await FindAsync(key, widened, cancellationToken);
                if (IsOutdated(answer, asked)) return Search(asked, cancellationToken);
                return answer with { Body = AnswerFilter.Apply(answer.Body.Span, query.Excludes.ToHashSet(StringComparer.Ordinal), query.K, out _) };
            }
        }

        return Search(asked, cancellationToken);
    }

    /// <summary>Whether an answer has an item that was deleted after it was kept. Rare: a revision later it is not found any more.</summary>
    private static bool IsOutdated(in RecallAnswer answer, in Asked asked) =>
        asked.Deletions.Recent.Count > 0 && AnswerFilter.HasAny(answer.Body.Span, asked.Deletions.Recent);

    private RecallCacheKey? KeyOf(in Asked asked) =>
        keys.For(asked.Model.Name, asked.Space.Generation.CacheId, asked.Query, asked.HistoryVersion, asked.GraphRevision, asked.Deletions.Revision);

    private ValueTask<RecallAnswer> FindAsync(RecallCacheKey key, Asked asked, CancellationToken cancellationToken) =>
        cache.GetOrSearchAsync(key, token => SearchAndEncode(asked, token), cancellationToken);

    private RecallAnswer Search(in Asked asked, CancellationToken cancellationToken) => new(SearchAndEncode(asked, cancellationToken), AnswerOrigin.Search);

    private byte[] SearchAndEncode(in Asked asked, CancellationToken cancellationToken) =>
        AnswerEncoder.Encode(asked.Space, engine.Search(asked.Space, asked.Query, asked.History.Span, cancellationToken));

    /// <summary>One query and all that it is answered from.</summary>
    private readonly record struct Asked(
        ModelRuntime Model, RecallSpace Space, RecallQuery Query, ReadOnlyMemory<HistoryEvent> History, long HistoryVersion, long GraphRevision, DeletionState Deletions);
}

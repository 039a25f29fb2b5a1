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
using EmbeddingGrpc.Server.Recall.Admission;
using EmbeddingGrpc.Server.Recall.Graph;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Answers queries: waits for the events they must see, leases the generation once, looks into the cache, searches. Thread-safe.</summary>
public sealed class CachedRecall
{
    // With more exclusions than this the widened answer that they are taken from would cost more than the search it saves.
    private const int MostExcludesFromCache = 64;

    private readonly ModelRegistry _models;
    private readonly RecallEngine _engine;
    private readonly SearchGate _gate;
    private readonly RecallCache _cache;
    private readonly RecallCacheKeys _keys;
    private readonly CacheWarmer _warmer;
    private readonly RecallCacheOptions _options;
    private readonly TimeProvider _time;
    private readonly RecallMetrics _metrics;
    private readonly ConditionalWeakTable<ItemGraph, GraphRevision> _revisions = [];
    private readonly ConditionalWeakTable<ItemCounters, RecentPopularity> _popularities = [];

    // Made once, not for each call.
    private readonly Func<Asked, CancellationToken, ValueTask<byte[]>> _search;
    private readonly Func<ModelRuntime, RecallQuery, CancellationToken, ValueTask> _warm;
    private readonly ConditionalWeakTable<ItemCounters, RecentPopularity>.CreateValueCallback _newPopularity;

    /// <summary>Puts the rooms together.</summary>
    public CachedRecall(
        ModelRegistry models,
        RecallEngine engine,
        SearchGate gate,
        RecallCache cache,
        RecallCacheKeys keys,
        CacheWarmer warmer,
        RecallCacheOptions options,
        TimeProvider time,
        RecallMetrics metrics)
    {
        (_models, _engine, _gate, _cache, _keys, _warmer, _options, _time, _metrics) = (models, engine, gate, cache, keys, warmer, options, time, metrics);
        (_search, _warm, _newPopularity) = (SearchAndEncodeAsync, WarmAsync, engine.PopularityOf);
    }

    /// <summary>Answers one query.</summary>
    /// <param name="model">Name of the model; empty for the default one.</param>
    /// <param name="query">The question.</param>
    /// <param name="minimumOffset">Answer only after everything before this log offset is applied.</param>
    /// <param name="batch">The batch that the query is part of; null for a query of its own.</param>
    /// <param name="cancellationToken">The caller's deadline and cancellation.</param>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="ModelUnavailableException">The model is not open.</exception>
    /// <exception cref="NoGenerationException">The model has never been trained, and the query needs a generation.</exception>
    /// <exception cref="ItemNotInGenerationException">The generation knows none of the items that the query names.</exception>
    /// <exception cref="InvalidRecallQueryException">The query does not fit the model.</exception>
    /// <exception cref="RecallOverloadedException">There is more to search than can be done in time.</exception>
    public async ValueTask<RecallAnswer> AnswerAsync(
        string model, RecallQuery query, LogOffset minimumOffset, BatchGenerations? batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var started = Stopwatch.GetTimestamp();
        var runtime = _models.Get(model);
        if (runtime.Generations.Asked.IsSampled()) Keep(runtime, query);
        if (minimumOffset > runtime.Applier.AppliedOffset) await WaitForAsync(runtime, minimumOffset, cancellationToken);
        if (batch is not null) return await AnswerFromAsync(runtime, batch.Of(runtime), query, minimumOffset, isTaken: true, started, cancellationToken);
        if (!runtime.TryLeaseForRecall(out var lease)) throw new NoGenerationException(runtime.Name);
        using (lease) return await AnswerFromAsync(runtime, lease.Generation, query, minimumOffset, isTaken: false, started, cancellationToken);
    }

    /// <summary>Keeps a query to be asked again when another generation is about to serve, and once it does.</summary>
    private void Keep(ModelRuntime runtime, RecallQuery query)
    {
        _warmer.Watch(runtime);
        // Of others the history or the graph has changed by the time that another generation serves.
        var shared = query.Subject is ItemSubject ? SharedBy(query) : null;
        // The same question whatever generation answers it.
        var key = shared is null ? null : _keys.For(runtime.Name, 0, shared, 0, 0, 0);
        runtime.Generations.Asked.Keep(new AskedRecall(_engine, runtime, query) { Shared = key is null ? null : (key, shared!), Warm = _warm });
    }

    private async ValueTask<RecallAnswer> AnswerFromAsync(
        ModelRuntime runtime, Generation generation, RecallQuery query, LogOffset minimumOffset, bool isTaken, long started, CancellationToken cancellationToken)
    {
        if (generation.IsUntrained && NeedsTraining(runtime, query)) throw new NoGenerationException(runtime.Name);
        var asked = new Asked(
            runtime, SpaceOf(runtime, generation), query, default, 0, RevisionFor(runtime, query, minimumOffset), runtime.Catalog.Deleted.Current, runtime.Catalog.Revision, isTaken);
        var answer = query.Subject.HistoryOf is { } userId ? await AnswerUserAsync(asked, userId, cancellationToken) : await AnswerAsync(asked, cancellationToken);
        var elapsed = Stopwatch.GetElapsedTime(started);
        _metrics.Answered(query.Subject.Kind, answer.Origin, elapsed);
        runtime.Generations.LongestRecall.Took(elapsed);
        return answer;
    }

    /// <summary>Whether a query has no answer before the first training: it asks the embeddings, or there is nothing yet.</summary>
    private static bool NeedsTraining(ModelRuntime runtime, RecallQuery query) =>
        query.Subject is not (UserSubject or SessionSubject) || runtime.Items.Count == 0
        || (query.Sources & ~(RecallSources.Embedding | RecallSources.SimilarUsers)) == 0;

    private RecallSpace SpaceOf(ModelRuntime runtime, Generation generation) => new(generation, runtime.Items, runtime.Graph)
    {
        Catalog = runtime.Catalog,
        Popularity = _popularities.GetValue(runtime.Counters, _newPopularity),
    };

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
            ? _revisions.GetValue(runtime.Graph, graph => new GraphRevision(graph, _options.GraphRevisionPeriod, _time)).At(minimumOffset.Value)
            : 0;

    private async ValueTask<RecallAnswer> AnswerUserAsync(Asked asked, string userId, CancellationToken cancellationToken)
    {
        var histories = asked.Model.Histories;
        var events = ArrayPool<HistoryEvent>.Shared.Rent(histories.MaximumLength);
        try
        {
            if (!histories.TryRead(userId, events, out var count, out var version)) (count, version) = (0, 0);
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
        // What an untrained model answers has no generation to be cached under.
        if (asked.Space.Generation.IsUntrained) return await SearchUntrainedAsync(asked, cancellationToken);
        if (SharedBy(query) is not { } shared) return await SearchAsync(asked, cancellationToken);
        var sharing = ReferenceEquals(shared, query) ? asked : asked with { Query = shared };
        if (KeyOf(sharing) is not { } key) return await SearchAsync(asked, cancellationToken);
        if (!_cache.TryGet(key, out var found, out var missing))
        {
            // Another item may have come since, which a generation of more items knows.
            if (missing is not null && missing.ItemCount == asked.Space.Generation.ItemCount) throw missing.ToException();
            found = await FindAsync(key, sharing, cancellationToken);
        }

        if (IsOutdated(found, asked)) return await SearchAsync(asked, cancellationToken);
        if (ReferenceEquals(shared, query)) return found;
        return found with { Body = AnswerFilter.Apply(found.Body.Span, query.Excludes.ToHashSet(StringComparer.Ordinal), query.MinimumScore, query.K, out _) };
    }

    /// <summary>
    /// The query whose answer has that of this one in it, and of others like it: what is cached. Exclusions are taken out after the cache, from a
    /// wider answer that every exclusion list of this length shares, and so are candidates below a threshold.
    /// </summary>
    /// <returns>Null where nothing of the kind is worth caching.</returns>
    private static RecallQuery? SharedBy(RecallQuery query)
    {
        // Others' histories are in no key.
        if ((query.Sources & RecallSources.SimilarUsers) != 0) return null;
        // The places of cold items are those of this k and no wider one.
        if (query is { ColdPlaces: > 0, Excludes.Count: > 0 }) return null;
        if (query.Excludes.Count == 0) return query.MinimumScore is null ? query : query with { MinimumScore = null };
        var wide = query.K + query.Excludes.Count;
        if (query.Excludes.Count > MostExcludesFromCache || wide > RecallQuery.MaximumK) return null;
        return query with { K = Math.Min((int)BitOperations.RoundUpToPowerOf2((uint)wide), RecallQuery.MaximumK), Excludes = [], MinimumScore = null };
    }

    /// <summary>Whether an answer has an item that was deleted after it was kept. Rare: a revision later it is not found any more.</summary>
    private static bool IsOutdated(in RecallAnswer answer, in Asked asked) =>
        asked.Deletions.Recent.Count > 0 && AnswerFilter.HasAny(answer.Body.Span, asked.Deletions.Recent);

    private RecallCacheKey? KeyOf(in Asked asked) =>
        _keys.For(asked.Model.Name, asked.Space.Generation.CacheId, asked.Query, asked.HistoryVersion, asked.GraphRevision, asked.Deletions.Revision, asked.CatalogRevision);

    private async ValueTask<RecallAnswer> FindAsync(RecallCacheKey key, Asked asked, CancellationToken cancellationToken)
    {
        var generation = asked.Space.Generation;
        var items = generation.ItemCount;
        try
        {
            return await _cache.GetOrSearchAsync(key, asked, _search, isHot: false, cancellationToken);
        }
        catch (ItemNotInGenerationException e) when (!generation.TryGetOrdinal(e.ItemId, out _))
        {
            // Not of an item that was deleted: it may be back at any time.
            _cache.SetMissing(key, new MissingItem(e.ItemId, e.Generation, e.Message, items));
            throw;
        }
    }

    /// <summary>Answers a query that nobody waits for, so that its answer is at hand.</summary>
    private async ValueTask WarmAsync(ModelRuntime runtime, RecallQuery query, CancellationToken cancellationToken)
    {
        if (!runtime.Generations.TryLease(out var lease)) return;
        using (lease)
        {
            var asked = new Asked(
                runtime, SpaceOf(runtime, lease.Generation), query, default, 0, RevisionFor(runtime, query, default), runtime.Catalog.Deleted.Current, runtime.Catalog.Revision, IsTaken: true);
            if (KeyOf(asked) is { } key) await _cache.GetOrSearchAsync(key, asked, _search, isHot: true, cancellationToken);
        }
    }

    private async ValueTask<RecallAnswer> SearchUntrainedAsync(Asked asked, CancellationToken cancellationToken)
    {
        try
        {
            return await SearchAsync(asked, cancellationToken);
        }
        catch (ItemNotInGenerationException)
        {
            // Not that the item is unknown is what there is to tell.
            throw new NoGenerationException(asked.Model.Name);
        }
    }

    private async ValueTask<RecallAnswer> SearchAsync(Asked asked, CancellationToken cancellationToken) =>
        new(await SearchAndEncodeAsync(asked, cancellationToken), AnswerOrigin.Search);

    private async ValueTask<byte[]> SearchAndEncodeAsync(Asked asked, CancellationToken cancellationToken)
    {
        using var users = (asked.Query.Sources & RecallSources.SimilarUsers) != 0 ? await asked.Model.UserVectors.LeaseAsync(asked.Space.Generation, cancellationToken) : default;
        using var place = await _gate.EnterAsync(asked.IsTaken, cancellationToken);
        return SearchAndEncode(users.Vectors is null ? asked : asked with { Space = asked.Space with { Users = users.Vectors } }, cancellationToken);
    }

    private byte[] SearchAndEncode(in Asked asked, CancellationToken cancellationToken) =>
        AnswerEncoder.Encode(asked.Space, _engine.Search(asked.Space, asked.Query, asked.History.Span, cancellationToken));

    /// <summary>One query and all that it is answered from.</summary>
    private readonly record struct Asked(
        ModelRuntime Model, RecallSpace Space, RecallQuery Query, ReadOnlyMemory<HistoryEvent> History, long HistoryVersion, long GraphRevision, DeletionState Deletions, long CatalogRevision, bool IsTaken);
}

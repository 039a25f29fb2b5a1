using System.Buffers;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>A recall that can be repeated, on a generation that does not serve yet or into the caches of the one that does. Immutable.</summary>
internal sealed class AskedRecall(RecallEngine engine, ModelRuntime model, RecallQuery query) : IAskedQuery
{
    /// <summary>The query whose answer is kept for all who ask like this one, with its key; null where none is.</summary>
    public (RecallCacheKey Key, RecallQuery Query)? Shared { get; init; }

    /// <summary>Answers the shared query from the serving generation and keeps the answer.</summary>
    public required Func<ModelRuntime, RecallQuery, CancellationToken, ValueTask> Warm { get; init; }

    /// <inheritdoc/>
    public object? Key => Shared?.Key;

    /// <inheritdoc/>
    public void Run(Generation generation, CancellationToken cancellationToken)
    {
        var events = ArrayPool<HistoryEvent>.Shared.Rent(model.Histories.MaximumLength);
        try
        {
            var count = 0;
            if (query.Subject.HistoryOf is { } userId && !model.Histories.TryRead(userId, events, out count, out _)) count = 0;
            engine.Search(new RecallSpace(generation, model.Items, model.Graph) { Catalog = model.Catalog }, query, events.AsSpan(0, count), cancellationToken);
        }
        catch (Exception e) when (e is ItemNotInGenerationException or InvalidRecallQueryException or Catalog.Filters.InvalidFilterException)
        {
            // An answer too: this generation does not know the item, or has another dimension.
        }
        finally
        {
            ArrayPool<HistoryEvent>.Shared.Return(events);
        }
    }

    /// <inheritdoc/>
    public ValueTask AnswerAnewAsync(CancellationToken cancellationToken) => Shared is { } shared ? Warm(model, shared.Query, cancellationToken) : ValueTask.CompletedTask;
}

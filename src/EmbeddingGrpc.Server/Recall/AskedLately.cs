using System.Buffers;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>A recall that can be repeated on a generation that does not serve yet. Immutable.</summary>
internal sealed class AskedLately(RecallEngine engine, ModelRuntime model, RecallQuery query) : IWarmUpQuery
{
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
}

using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.CatalogService</c>.</summary>
public sealed class CatalogGrpcService(ModelRegistry registry, RecallCache cache, TimeProvider time) : CatalogService.CatalogServiceBase
{
    private const uint DefaultPageSize = 100;
    private const uint MaximumPageSize = 1000;

    /// <inheritdoc/>
    public override async Task<UpsertItemsResponse> UpsertItems(UpsertItemsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var model = registry.Get(request.Model);
        var offset = await model.CatalogEditor.UpsertAsync(CatalogMessages.Read(request.Items), context.CancellationToken);
        return new UpsertItemsResponse { LogOffset = (ulong)offset.Value };
    }

    /// <inheritdoc/>
    public override Task<GetItemResponse> GetItem(GetItemRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        var model = registry.Get(request.Model);
        RequireId(request.ItemId, "item_id");
        return model.Catalog.TryGet(request.ItemId, out var item)
            ? Task.FromResult(new GetItemResponse { Item = item.ToMessage() })
            : throw RpcErrors.NotFound("item", request.ItemId, WhyMissing(model, request.ItemId));
    }

    /// <inheritdoc/>
    public override Task<ListItemsResponse> ListItems(ListItemsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        var catalog = registry.Get(request.Model).Catalog;
        if (request.PageSize > MaximumPageSize) throw RpcErrors.InvalidArgument("page_size", $"is {request.PageSize}; must be 1..{MaximumPageSize}, or 0 for {DefaultPageSize}");
        var size = (int)(request.PageSize == 0 ? DefaultPageSize : request.PageSize);
        if (request.PageToken.Length > 0 && !catalog.Knows(request.PageToken))
        {
            throw RpcErrors.InvalidArgument("page_token", "is not a next_page_token of this model; leave it empty for the first page");
        }

        // One more than asked for tells whether there is another page.
        var items = catalog.List(request.PageToken.Length > 0 ? request.PageToken : null).Take(size + 1).ToList();
        return Task.FromResult(new ListItemsResponse
        {
            Items = { items.Take(size).Select(item => item.ToMessage()) },
            NextPageToken = items.Count > size ? items[size - 1].ItemId : string.Empty,
            ItemCount = (ulong)catalog.Count,
            DeletedCount = (ulong)catalog.Deleted.Count,
        });
    }

    /// <inheritdoc/>
    public override async Task<DeleteItemResponse> DeleteItem(DeleteItemRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var model = registry.Get(request.Model);
        RequireId(request.ItemId, "item_id");
        var receipt = await model.CatalogEditor.DeleteAsync([request.ItemId], request.Purge, context.CancellationToken);
        return new DeleteItemResponse { LogOffset = (ulong)receipt.Offset.Value, Stores = { receipt.ToStores() } };
    }

    /// <inheritdoc/>
    public override async Task<DeleteItemsResponse> DeleteItems(DeleteItemsRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var model = registry.Get(request.Model);
        // Asked before: deleting an item makes it known.
        var unknown = request.ItemIds.Where(id => !model.Catalog.Knows(id)).Distinct(StringComparer.Ordinal).ToList();
        var receipt = await model.CatalogEditor.DeleteAsync(request.ItemIds, request.Purge, context.CancellationToken);
        return new DeleteItemsResponse { LogOffset = (ulong)receipt.Offset.Value, UnknownItemIds = { unknown }, Stores = { receipt.ToStores() } };
    }

    /// <inheritdoc/>
    public override Task<ListAttributesResponse> ListAttributes(ListAttributesRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        var catalog = registry.Get(request.Model).Catalog;
        var attributes = catalog.Schema.Types.OrderBy(attribute => attribute.Key, StringComparer.Ordinal)
            .Select(attribute => new Protocol.V1.Attribute
            {
                Name = attribute.Key,
                Type = attribute.Value.ToMessage(),
                ItemCount = (ulong)catalog.CountOf(attribute.Key),
            });
        return Task.FromResult(new ListAttributesResponse { Attributes = { attributes } });
    }

    /// <inheritdoc/>
    public override async Task<EraseUserResponse> EraseUser(EraseUserRequest request, ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(context);
        var model = registry.Get(request.Model);
        RequireId(request.UserId, "user_id");
        var receipt = await model.Eraser.EraseAsync(request.UserId, context.CancellationToken);
        // Last: an answer that was on its way when the history went is there by now.
        cache.Forget(request.UserId);
        return receipt.ToMessage(model, time.GetUtcNow());
    }

    private static void RequireId(string id, string field)
    {
        if (IdRules.Check(id) is { } wrong) throw RpcErrors.InvalidArgument(field, wrong);
    }

    private static string WhyMissing(ModelRuntime model, string itemId)
    {
        if (model.Catalog.IsDeleted(itemId)) return $"Item '{itemId}' was deleted from model '{model.Name}'.";
        return model.Catalog.Knows(itemId)
            ? $"Item '{itemId}' is not in the catalogue of model '{model.Name}': it has interactions, and was never upserted."
            : $"Item '{itemId}' is not in the catalogue of model '{model.Name}'.";
    }
}

using System.Runtime.CompilerServices;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client;

// The catalogue: items with their attributes, deletions, the erasure of a user.
public sealed partial class EmbeddingClient
{
    private const uint ItemsOfPage = 500;

    /// <summary>Sets the attributes of items, replacing all that they had; a deleted item is there again. On disk and in force when it returns.</summary>
    /// <param name="items">1..1000, each item once; see <see cref="AttributeValues"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">INVALID_ARGUMENT: an item is wrong, by field; then none was changed.</exception>
    public Task<UpsertItemsResponse> UpsertItemsAsync(IEnumerable<Item> items, CancellationToken cancellationToken = default) =>
        Catalog.UpsertItemsAsync(new UpsertItemsRequest { Model = _options.Model, Items = { items } }, Options(cancellationToken)).ResponseAsync;

    /// <summary>An item of the catalogue.</summary>
    /// <exception cref="RpcException">NOT_FOUND: it was never upserted, or deleted since.</exception>
    public async Task<Item> GetItemAsync(string itemId, CancellationToken cancellationToken = default) =>
        (await Catalog.GetItemAsync(new GetItemRequest { Model = _options.Model, ItemId = itemId }, Options(cancellationToken))).Item;

    /// <summary>All items of the catalogue, asked for page by page.</summary>
    /// <exception cref="RpcException">NOT_FOUND: no such model.</exception>
    public async IAsyncEnumerable<Item> ListItemsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new ListItemsRequest { Model = _options.Model, PageSize = ItemsOfPage };
        do
        {
            var page = await Catalog.ListItemsAsync(request, Options(cancellationToken));
            foreach (var item in page.Items) yield return item;
            request.PageToken = page.NextPageToken;
        }
        while (request.PageToken.Length > 0);
    }

    /// <summary>Deletes items: no recall answers them any more, until they are upserted again.</summary>
    /// <param name="itemIds">1..1000; unknown ones are told in the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">INVALID_ARGUMENT: an id is wrong; then none was deleted.</exception>
    public Task<DeleteItemsResponse> DeleteItemsAsync(IEnumerable<string> itemIds, CancellationToken cancellationToken = default) =>
        Catalog.DeleteItemsAsync(new DeleteItemsRequest { Model = _options.Model, ItemIds = { itemIds } }, Options(cancellationToken)).ResponseAsync;

    /// <summary>
    /// Deletes items and takes their attributes out of the daemon's files. Has no deadline: the daemon rewrites the files that hold them. Repeat it if it was
    /// interrupted.
    /// </summary>
    /// <param name="itemIds">1..1000; unknown ones are told in the answer.</param>
    /// <param name="cancellationToken">Ends the waiting; what is rewritten by then stays.</param>
    /// <returns>A receipt: every place that could hold the items.</returns>
    /// <exception cref="RpcException">INVALID_ARGUMENT: an id is wrong; then none was deleted.</exception>
    public Task<DeleteItemsResponse> PurgeItemsAsync(IEnumerable<string> itemIds, CancellationToken cancellationToken = default) =>
        Catalog.DeleteItemsAsync(new DeleteItemsRequest { Model = _options.Model, ItemIds = { itemIds }, Purge = true }, cancellationToken: cancellationToken).ResponseAsync;

    /// <summary>Forgets a user and returns the receipt. Has no deadline: the daemon rewrites the files that hold the user.</summary>
    /// <param name="userId">Need not be known.</param>
    /// <param name="model">Null means the client's.</param>
    /// <param name="cancellationToken">Ends the waiting; an erasure that has begun is finished all the same.</param>
    /// <exception cref="RpcException">RESOURCE_EXHAUSTED or UNAVAILABLE: the disk refused; repeat it.</exception>
    public Task<EraseUserResponse> EraseUserAsync(string userId, string? model = null, CancellationToken cancellationToken = default) =>
        Catalog.EraseUserAsync(new EraseUserRequest { Model = model ?? _options.Model, UserId = userId }, cancellationToken: cancellationToken).ResponseAsync;
}

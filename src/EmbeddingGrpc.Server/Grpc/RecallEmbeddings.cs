using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Answers <c>GetEmbeddings</c>: the vectors of items in the serving generation.</summary>
public sealed class RecallEmbeddings(ModelRegistry models)
{
    private const int MostItems = 1000;

    /// <summary>Reads the vectors.</summary>
    /// <exception cref="global::Grpc.Core.RpcException">INVALID_ARGUMENT: too few or too many items, or no such table.</exception>
    /// <exception cref="ModelNotFoundException">No such model.</exception>
    /// <exception cref="NoGenerationException">The model has never been trained.</exception>
    public GetEmbeddingsResponse Read(GetEmbeddingsRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.ItemIds.Count is < 1 or > MostItems)
            throw RpcErrors.InvalidArgument("item_ids", $"has {request.ItemIds.Count} items; must have 1..{MostItems}");
        if (!Enum.IsDefined(request.Table))
        {
            throw RpcErrors.InvalidArgument(
                "table", $"is {(int)request.Table}; must be EMBEDDING_TABLE_SIMILARITY, EMBEDDING_TABLE_INPUT or EMBEDDING_TABLE_OUTPUT");
        }

        var model = models.Get(request.Model);
        if (!model.Generations.TryLease(out var lease)) throw new NoGenerationException(model.Name);
        using (lease)
        {
            var generation = lease.Generation;
            if (request.Table == EmbeddingTable.Output && !generation.Info.PredictsNext) throw VectorTables.NoItemOutputs(generation);
            var response = new GetEmbeddingsResponse { GenerationId = generation.IdText };
            foreach (var itemId in request.ItemIds)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!generation.TryGetOrdinal(itemId, out var item) || model.Catalog.IsDeleted(itemId))
                {
                    response.UnknownItemIds.Add(itemId);
                    continue;
                }

                var embedding = new Embedding { ItemId = itemId };
                var vector = request.Table switch
                {
                    EmbeddingTable.Input => generation.InputOf(item),
                    EmbeddingTable.Output => generation.OutputOf(item),
                    _ => generation.SimilarityOf(item),
                };
                embedding.Values.Capacity = vector.Length;
                foreach (var value in vector) embedding.Values.Add(value);
                response.Embeddings.Add(embedding);
            }

            return response;
        }
    }
}

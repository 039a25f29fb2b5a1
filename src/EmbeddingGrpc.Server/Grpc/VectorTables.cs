using EmbeddingGrpc.Server.Models;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Refusals of tables that a generation does not have. Stateless.</summary>
internal static class VectorTables
{
    /// <summary>W2 was asked for, and its rows are no items.</summary>
    public static RpcException NoItemOutputs(Generation generation) => RpcErrors.InvalidArgument(
        "table",
        $"is EMBEDDING_TABLE_OUTPUT; generation {generation.IdText} was trained with a hierarchical softmax, whose output vectors (W2) belong to tree nodes, not items. "
        + "Use EMBEDDING_TABLE_INPUT");
}

using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client;

/// <summary>What one query of a batch failed of, as an exception like that of a call of its own.</summary>
public static class RecallErrorExtensions
{
    /// <summary>The exception that <see cref="EmbeddingClient.RecallAsync"/> would have thrown, with its details: <see cref="RpcErrorText"/> reads them.</summary>
    public static RpcException ToRpcException(this RecallError error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new Google.Rpc.Status { Code = error.Code, Message = error.Message, Details = { error.Details } }.ToRpcException();
    }
}

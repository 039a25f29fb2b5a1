using EmbeddingGrpc.Server.Catalog;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>What the catalogue throws, as gRPC errors.</summary>
public static class CatalogErrors
{
    /// <summary>The gRPC error that says what the catalogue threw; null for what is not its own.</summary>
    public static RpcException? Of(Exception exception) => exception switch
    {
        InvalidCatalogException e => RpcErrors.InvalidArgument(
            [.. e.Violations.Select(violation => new BadRequest.Types.FieldViolation { Field = violation.Field, Description = violation.Reason })]),
        _ => null,
    };
}

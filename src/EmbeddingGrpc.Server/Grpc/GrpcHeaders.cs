namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Headers, or trailers, that tell how a gRPC call ended.</summary>
internal static class GrpcHeaders
{
    /// <summary>The status code, a number.</summary>
    public const string Status = "grpc-status";

    /// <summary>What it means, percent-encoded.</summary>
    public const string Message = "grpc-message";

    /// <summary>A <c>google.rpc.Status</c>, in base64.</summary>
    public const string Details = "grpc-status-details-bin";
}

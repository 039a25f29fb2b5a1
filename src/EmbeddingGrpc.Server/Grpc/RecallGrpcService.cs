using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.RecallService</c>.</summary>
public sealed class RecallGrpcService : RecallService.RecallServiceBase;

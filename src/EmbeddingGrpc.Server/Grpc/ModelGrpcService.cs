using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.ModelService</c>.</summary>
public sealed class ModelGrpcService : ModelService.ModelServiceBase;

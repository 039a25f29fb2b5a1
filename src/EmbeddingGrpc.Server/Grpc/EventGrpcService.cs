using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Serves <c>embeddinggrpc.v1.EventService</c>.</summary>
public sealed class EventGrpcService : EventService.EventServiceBase;

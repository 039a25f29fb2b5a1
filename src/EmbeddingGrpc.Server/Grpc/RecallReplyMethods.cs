using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Tells the gRPC server of the recall calls a second time, with marshallers that copy encoded replies: over gRPC they leave as the bytes that the
/// cache holds. REST calls the methods that the base class tells it of, because it needs the messages.
/// </summary>
public sealed class RecallReplyMethods : IServiceMethodProvider<RecallGrpcService>
{
    private static readonly Method<RecallRequest, RecallReply> Recall =
        Make(MethodType.Unary, nameof(Recall), RecallRequest.Parser, static (RecallReply reply, SerializationContext context) => reply.WriteTo(context));

    private static readonly Method<BatchRecallRequest, BatchRecallReply> BatchRecall =
        Make(MethodType.Unary, nameof(BatchRecall), BatchRecallRequest.Parser, static (BatchRecallReply reply, SerializationContext context) => reply.WriteTo(context));

    private static readonly Method<StreamRecallRequest, StreamRecallReply> StreamRecall = Make(
        MethodType.DuplexStreaming, nameof(StreamRecall), StreamRecallRequest.Parser, static (StreamRecallReply reply, SerializationContext context) => reply.WriteTo(context));

    private static readonly IMethod[] All = [Recall, BatchRecall, StreamRecall];

    /// <summary>Whether an endpoint is one of these methods.</summary>
    public static bool IsOf(EndpointBuilder endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Metadata.OfType<GrpcMethodMetadata>().Any(metadata => All.Contains(metadata.Method));
    }

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RecallGrpcService> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.AddUnaryMethod(Recall, [], static (service, request, call) => service.Reply(request, call));
        context.AddUnaryMethod(BatchRecall, [], static (service, request, call) => service.ReplyToBatch(request, call));
        context.AddDuplexStreamingMethod(StreamRecall, [], static (service, requests, replies, call) => service.ReplyToStream(requests, replies, call));
    }

    private static Method<TRequest, TReply> Make<TRequest, TReply>(
        MethodType type, string name, MessageParser<TRequest> parser, Action<TReply, SerializationContext> write)
        where TRequest : class, IMessage<TRequest>
        where TReply : class => new(
        type,
        RecallService.Descriptor.FullName,
        name,
        Marshallers.Create<TRequest>(
            static (request, context) => throw new NotSupportedException("The server reads requests."), context => parser.ParseFrom(context.PayloadAsReadOnlySequence())),
        Marshallers.Create(write, static context => throw new NotSupportedException("The server writes replies.")));
}

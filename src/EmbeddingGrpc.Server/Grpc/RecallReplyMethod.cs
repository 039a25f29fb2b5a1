using EmbeddingGrpc.Protocol.V1;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Tells the gRPC server of <c>RecallService.Recall</c> a second time, with a marshaller that copies encoded replies: over gRPC they leave as the
/// bytes that the cache holds. REST calls the method that the base class tells it of, because it needs the message.
/// </summary>
public sealed class RecallReplyMethod : IServiceMethodProvider<RecallGrpcService>
{
    private static readonly Method<RecallRequest, RecallReply> Method = new(
        MethodType.Unary,
        RecallService.Descriptor.FullName,
        nameof(RecallGrpcService.Recall),
        Marshallers.Create(
            static (request, context) => throw new NotSupportedException("The server reads requests."),
            static context => RecallRequest.Parser.ParseFrom(context.PayloadAsReadOnlySequence())),
        Marshallers.Create<RecallReply>(
            static (reply, context) => reply.WriteTo(context),
            static context => throw new NotSupportedException("The server writes replies.")));

    /// <summary>Whether an endpoint is this method.</summary>
    public static bool IsOf(EndpointBuilder endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        return endpoint.Metadata.OfType<GrpcMethodMetadata>().Any(metadata => metadata.Method == (IMethod)Method);
    }

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RecallGrpcService> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.AddUnaryMethod(Method, [], static (service, request, call) => service.Reply(request, call));
    }
}

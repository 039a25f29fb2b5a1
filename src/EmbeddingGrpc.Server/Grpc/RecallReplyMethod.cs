using EmbeddingGrpc.Protocol.V1;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>Tells the gRPC server of the <c>Recall</c> method of <see cref="RecallReplyService"/>, with a marshaller that copies encoded replies.</summary>
public sealed class RecallReplyMethod : IServiceMethodProvider<RecallReplyService>
{
    private static readonly Method<RecallRequest, RecallReply> Method = new(
        MethodType.Unary,
        RecallService.Descriptor.FullName,
        nameof(RecallReplyService.Recall),
        Marshallers.Create(
            static (request, context) => throw new NotSupportedException("The server reads requests."),
            static context => RecallRequest.Parser.ParseFrom(context.PayloadAsReadOnlySequence())),
        Marshallers.Create<RecallReply>(
            static (reply, context) => reply.WriteTo(context),
            static context => throw new NotSupportedException("The server writes replies.")));

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<RecallReplyService> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.AddUnaryMethod(Method, [], static (service, request, call) => service.Recall(request, call));
    }
}

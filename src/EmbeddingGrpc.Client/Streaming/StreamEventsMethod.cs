using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary><c>EventService.StreamEvents</c> with requests that are encoded already.</summary>
internal static class StreamEventsMethod
{
    public static Method<EventBatch, StreamEventsResponse> Instance { get; } = new(
        MethodType.DuplexStreaming,
        EventService.Descriptor.FullName,
        "StreamEvents",
        new Marshaller<EventBatch>(Serialize, _ => throw new NotSupportedException("A client does not read requests.")),
        new Marshaller<StreamEventsResponse>(
            (response, context) => context.Complete(response.ToByteArray()),
            context => StreamEventsResponse.Parser.ParseFrom(context.PayloadAsReadOnlySequence())));

    // The bytes are copied before the write is awaited, so a batch may be reused as soon as the daemon has acknowledged it.
    private static void Serialize(EventBatch request, SerializationContext context)
    {
        var bytes = request.Encoded;
        context.SetPayloadLength(bytes.Length);
        var target = context.GetBufferWriter();
        bytes.CopyTo(target.GetSpan(bytes.Length));
        target.Advance(bytes.Length);
        context.Complete();
    }
}

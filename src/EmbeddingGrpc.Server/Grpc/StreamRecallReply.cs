using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>A <c>StreamRecallResponse</c> as it goes over the wire.</summary>
/// <param name="tag">The tag of the request.</param>
/// <param name="outcome">What it came to.</param>
public sealed class StreamRecallReply(ulong tag, RecallOutcome outcome)
{
    /// <summary>Writes it to a call.</summary>
    public void WriteTo(SerializationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = outcome.SizeBytes + (tag == 0 ? 0 : 1 + CodedOutputStream.ComputeUInt64Size(tag));
        context.SetPayloadLength(size);
        var writer = context.GetBufferWriter();
        var output = new ProtobufWriter(writer.GetSpan(size)[..size]);
        if (tag != 0)
        {
            output.Tag(StreamRecallResponse.TagFieldNumber, WireFormat.WireType.Varint);
            output.VarInt(tag);
        }

        outcome.WriteTo(ref output, StreamRecallResponse.ResponseFieldNumber, StreamRecallResponse.ErrorFieldNumber);
        writer.Advance(size);
        context.Complete();
    }
}

using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// A <c>RecallResponse</c> as it goes over the wire: the body as it lies in the cache, and behind it the fields of this call. A message's
/// fields may come in any order, so nothing is decoded to be encoded again.
/// </summary>
/// <param name="answer">The answer.</param>
/// <param name="recallId">Names this call; at most 64 ASCII characters.</param>
public sealed class RecallReply(RecallAnswer answer, string recallId)
{
    // Two tags of a byte, a source of a byte, a length of a byte.
    private const int PerCallOverheadBytes = 4;

    /// <summary>Bytes of the message.</summary>
    internal int SizeBytes => answer.Body.Length + PerCallOverheadBytes + recallId.Length;

    /// <summary>Decodes it, for who wants the message.</summary>
    public RecallResponse ToResponse()
    {
        var response = RecallResponse.Parser.ParseFrom(answer.Body.Span);
        response.Source = (AnswerSource)answer.Origin;
        response.RecallId = recallId;
        return response;
    }

    /// <summary>Writes it to a call.</summary>
    public void WriteTo(SerializationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var size = SizeBytes;
        context.SetPayloadLength(size);
        var writer = context.GetBufferWriter();
        var output = new ProtobufWriter(writer.GetSpan(size)[..size]);
        WriteTo(ref output);
        writer.Advance(size);
        context.Complete();
    }

    /// <summary>Writes it into a message around it.</summary>
    internal void WriteTo(ref ProtobufWriter output)
    {
        output.Bytes(answer.Body.Span);
        output.Tag(RecallResponse.SourceFieldNumber, WireFormat.WireType.Varint);
        output.VarInt((uint)answer.Origin);
        output.Tag(RecallResponse.RecallIdFieldNumber, WireFormat.WireType.LengthDelimited);
        output.VarInt((uint)recallId.Length);
        output.Utf8(recallId);
    }
}

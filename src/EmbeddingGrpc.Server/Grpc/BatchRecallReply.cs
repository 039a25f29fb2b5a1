using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using Google.Protobuf;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>A <c>BatchRecallResponse</c> as it goes over the wire, from encoded answers.</summary>
/// <param name="outcomes">In the order of the requests.</param>
public sealed class BatchRecallReply(RecallOutcome[] outcomes)
{
    /// <summary>Decodes it, for who wants the message.</summary>
    public BatchRecallResponse ToResponse() => new() { Results = { outcomes.Select(outcome => outcome.ToResult()) } };

    /// <summary>Writes it to a call.</summary>
    public void WriteTo(SerializationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var total = 0;
        foreach (var outcome in outcomes) total += FieldBytes(outcome);
        context.SetPayloadLength(total);
        var writer = context.GetBufferWriter();
        foreach (var outcome in outcomes)
        {
            var size = FieldBytes(outcome);
            var output = new ProtobufWriter(writer.GetSpan(size)[..size]);
            output.Tag(BatchRecallResponse.ResultsFieldNumber, WireFormat.WireType.LengthDelimited);
            output.VarInt((uint)outcome.SizeBytes);
            outcome.WriteTo(ref output, BatchRecallResult.ResponseFieldNumber, BatchRecallResult.ErrorFieldNumber);
            writer.Advance(size);
        }

        context.Complete();
    }

    private static int FieldBytes(RecallOutcome outcome) => 1 + CodedOutputStream.ComputeLengthSize(outcome.SizeBytes) + outcome.SizeBytes;
}

using System.Text;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Google.Protobuf;
using Generation = EmbeddingGrpc.Server.Models.Generation;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Writes an answer as the bytes of a <c>RecallResponse</c>, straight from ordinals: no message objects, no strings.</summary>
public static class AnswerEncoder
{
    private const int ScoreFieldBytes = 1 + sizeof(float);

    /// <summary>Encodes an answer without its per-call fields.</summary>
    /// <param name="generation">The generation that made it.</param>
    /// <param name="result">What it found.</param>
    public static byte[] Encode(Generation generation, RecallResult result)
    {
        ArgumentNullException.ThrowIfNull(generation);
        var size = 0;
        foreach (var neighbor in result.Neighbors)
        {
            var candidate = CandidateBytes(generation.Utf8IdOf(neighbor.Item).Length);
            size += 1 + CodedOutputStream.ComputeLengthSize(candidate) + candidate;
        }

        size += 1 + CodedOutputStream.ComputeStringSize(generation.IdText) + 1 + CodedOutputStream.ComputeEnumSize((int)result.Basis);
        var body = new byte[size];
        var output = new ProtobufWriter(body);
        foreach (var neighbor in result.Neighbors)
        {
            var id = generation.Utf8IdOf(neighbor.Item);
            output.Tag(RecallResponse.CandidatesFieldNumber, WireFormat.WireType.LengthDelimited);
            output.VarInt((uint)CandidateBytes(id.Length));
            output.Tag(Candidate.ItemIdFieldNumber, WireFormat.WireType.LengthDelimited);
            output.VarInt((uint)id.Length);
            output.Bytes(id);
            output.Tag(Candidate.ScoreFieldNumber, WireFormat.WireType.Fixed32);
            output.Single(neighbor.Score);
        }

        output.Tag(RecallResponse.GenerationIdFieldNumber, WireFormat.WireType.LengthDelimited);
        output.VarInt((uint)Encoding.UTF8.GetByteCount(generation.IdText));
        output.Utf8(generation.IdText);
        output.Tag(RecallResponse.BasisFieldNumber, WireFormat.WireType.Varint);
        output.VarInt((uint)result.Basis);
        return body;
    }

    private static int CandidateBytes(int idBytes) => 1 + CodedOutputStream.ComputeLengthSize(idBytes) + idBytes + ScoreFieldBytes;
}

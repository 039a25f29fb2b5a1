using System.Numerics;
using System.Text;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Google.Protobuf;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Writes an answer as the bytes of a <c>RecallResponse</c>, straight from ordinals and keys: no message objects, one allocation.</summary>
public static class AnswerEncoder
{
    // A tag, a float.
    private const int ScoreFieldBytes = 1 + sizeof(float);

    // A tag, a true; false is not written.
    private const int ColdFieldBytes = 2;

    /// <summary>Encodes an answer without its per-call fields.</summary>
    /// <param name="space">What was searched.</param>
    /// <param name="result">What was found.</param>
    public static byte[] Encode(in RecallSpace space, RecallResult result)
    {
        var generationId = Encoding.UTF8.GetBytes(space.Generation.IdText);
        var size = FieldBytes(generationId.Length) + 1 + CodedOutputStream.ComputeEnumSize((int)result.Basis);
        for (var i = 0; i < result.Candidates.Length; i++) size += FieldBytes(CandidateBytes(space, result, i));

        var body = new byte[size];
        var output = new ProtobufWriter(body);
        for (var i = 0; i < result.Candidates.Length; i++) WriteCandidate(ref output, space, result, i);
        output.LengthDelimited(RecallResponse.GenerationIdFieldNumber, generationId);
        output.Tag(RecallResponse.BasisFieldNumber, WireFormat.WireType.Varint);
        output.VarInt((uint)result.Basis);
        return body;
    }

    private static int CandidateBytes(in RecallSpace space, RecallResult result, int i)
    {
        var candidate = result.Candidates[i];
        var size = FieldBytes(IdBytes(space, candidate.Item)) + ScoreFieldBytes + FieldBytes(BitOperations.PopCount((uint)candidate.Sources));
        if (IsCold(space, candidate.Item)) size += ColdFieldBytes;
        foreach (var (pull, contribution) in new Contributions(result, i))
            if (contribution != 0)
                size += FieldBytes(ContributionBytes(space, pull));
        return size;
    }

    private static int ContributionBytes(in RecallSpace space, Pull pull) => FieldBytes(IdBytes(space, pull.Item)) + ScoreFieldBytes;

    private static int FieldBytes(int length) => 1 + CodedOutputStream.ComputeLengthSize(length) + length;

    private static void WriteCandidate(ref ProtobufWriter output, in RecallSpace space, RecallResult result, int i)
    {
        var candidate = result.Candidates[i];
        output.Tag(RecallResponse.CandidatesFieldNumber, WireFormat.WireType.LengthDelimited);
        output.VarInt((uint)CandidateBytes(space, result, i));
        WriteId(ref output, Candidate.ItemIdFieldNumber, space, candidate.Item);
        WriteScore(ref output, Candidate.ScoreFieldNumber, candidate.Score);
        WriteSources(ref output, candidate.Sources);
        foreach (var (pull, contribution) in new Contributions(result, i))
        {
            if (contribution == 0) continue;
            output.Tag(Candidate.ContributionsFieldNumber, WireFormat.WireType.LengthDelimited);
            output.VarInt((uint)ContributionBytes(space, pull));
            WriteId(ref output, Contribution.ItemIdFieldNumber, space, pull.Item);
            WriteScore(ref output, Contribution.ScoreFieldNumber, contribution);
        }

        if (!IsCold(space, candidate.Item)) return;
        output.Tag(Candidate.ColdFieldNumber, WireFormat.WireType.Varint);
        output.VarInt(1);
    }

    private static bool IsCold(in RecallSpace space, CandidateId item) => !item.IsInGeneration || space.Generation.IsCold(item.Ordinal);

    private static void WriteSources(ref ProtobufWriter output, RecallSources sources)
    {
        output.Tag(Candidate.SourcesFieldNumber, WireFormat.WireType.LengthDelimited);
        output.VarInt((uint)BitOperations.PopCount((uint)sources));
        if (sources.HasFlag(RecallSources.Embedding)) output.VarInt((uint)RecallSource.Embedding);
        if (sources.HasFlag(RecallSources.Graph)) output.VarInt((uint)RecallSource.Graph);
        if (sources.HasFlag(RecallSources.Popular)) output.VarInt((uint)RecallSource.Popular);
    }

    private static void WriteScore(ref ProtobufWriter output, int field, float score)
    {
        output.Tag(field, WireFormat.WireType.Fixed32);
        output.Single(score);
    }

    private static int IdBytes(in RecallSpace space, CandidateId item) => item.IsInGeneration
        ? space.Generation.Utf8IdOf(item.Ordinal).Length
        : Encoding.UTF8.GetByteCount(space.Items.IdOf(item.Key));

    private static void WriteId(ref ProtobufWriter output, int field, in RecallSpace space, CandidateId item)
    {
        if (item.IsInGeneration) output.LengthDelimited(field, space.Generation.Utf8IdOf(item.Ordinal));
        else output.LengthDelimited(field, Encoding.UTF8.GetBytes(space.Items.IdOf(item.Key)));
    }

    /// <summary>What each pull contributed to one candidate; nothing where reasons were not asked for.</summary>
    private ref struct Contributions(RecallResult result, int candidate)
    {
        private readonly RecallResult _result = result;
        private int _pull = -1;

        public readonly (Pull Pull, float Contribution) Current =>
            (_result.Pulls[_pull], _result.Contributions[(candidate * _result.Pulls.Length) + _pull]);

        public readonly Contributions GetEnumerator() => this;

        public bool MoveNext() => ++_pull < _result.Pulls.Length;
    }
}

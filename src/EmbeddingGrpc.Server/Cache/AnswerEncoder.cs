using System.Numerics;
using EmbeddingGrpc.Numerics;
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

    // A larger one serves a request or two and is not worth a thread's memory.
    private const int LargestKeptBuffer = 256 * 1024;

    [ThreadStatic]
    private static byte[]? _buffer;

    /// <summary>Encodes an answer without its per-call fields.</summary>
    /// <param name="space">What was searched.</param>
    /// <param name="result">What was found.</param>
    public static byte[] Encode(in RecallSpace space, RecallResult result)
    {
        WillReadIds(space, result.Candidates);
        var buffer = _buffer ?? new byte[4096];
        var position = 0;
        for (var i = 0; i < result.Candidates.Length; i++)
        {
            var id = IdOf(space, result.Candidates[i].Item);
            var size = CandidateBytes(space, result, i, id.Length);
            var output = new ProtobufWriter(Room(ref buffer, position, FieldBytes(size)));
            output.Tag(RecallResponse.CandidatesFieldNumber, WireFormat.WireType.LengthDelimited);
            output.VarInt((uint)size);
            WriteCandidate(ref output, space, result, i, id);
            position += output.Position;
        }

        position += WriteEnd(Room(ref buffer, position, FieldBytes(space.Generation.IdText.Length) + 1 + sizeof(ulong)), space, result.Basis);
        if (buffer.Length <= LargestKeptBuffer) _buffer = buffer;
        return buffer.AsSpan(0, position).ToArray();
    }

    private static int WriteEnd(Span<byte> destination, in RecallSpace space, AnswerBasis basis)
    {
        var output = new ProtobufWriter(destination);
        output.Tag(RecallResponse.GenerationIdFieldNumber, WireFormat.WireType.LengthDelimited);
        // Hexadecimal digits: a byte each.
        output.VarInt((uint)space.Generation.IdText.Length);
        output.Utf8(space.Generation.IdText);
        output.Tag(RecallResponse.BasisFieldNumber, WireFormat.WireType.Varint);
        output.VarInt((uint)basis);
        return output.Position;
    }

    private static Span<byte> Room(ref byte[] buffer, int position, int needed)
    {
        if (buffer.Length - position < needed) Array.Resize(ref buffer, Math.Max(2 * buffer.Length, position + needed));
        return buffer.AsSpan(position, needed);
    }

    /// <summary>Ids lie wherever their items came first: without this each waits for memory in its turn.</summary>
    private static void WillReadIds(in RecallSpace space, ReadOnlySpan<RecallCandidate> candidates)
    {
        Span<ItemOrdinal> known = stackalloc ItemOrdinal[Math.Min(candidates.Length, 256)];
        var count = 0;
        foreach (ref readonly var candidate in candidates[..known.Length])
            if (candidate.Item.IsInGeneration && !space.Generation.IsCold(candidate.Item.Ordinal))
                known[count++] = candidate.Item.Ordinal;
        space.Generation.Vocabulary.WillReadIds(known[..count]);
    }

    private static int CandidateBytes(in RecallSpace space, RecallResult result, int i, int idBytes)
    {
        var candidate = result.Candidates[i];
        var size = FieldBytes(idBytes) + ScoreFieldBytes + FieldBytes(BitOperations.PopCount((uint)candidate.Sources));
        if (IsCold(space, candidate.Item)) size += ColdFieldBytes;
        foreach (var (pull, contribution) in new Contributions(result, i))
            if (contribution != 0)
                size += FieldBytes(ContributionBytes(space, pull));
        return size;
    }

    private static int ContributionBytes(in RecallSpace space, Pull pull) => FieldBytes(IdOf(space, pull.Item).Length) + ScoreFieldBytes;

    private static int FieldBytes(int length) => 1 + CodedOutputStream.ComputeLengthSize(length) + length;

    private static void WriteCandidate(ref ProtobufWriter output, in RecallSpace space, RecallResult result, int i, ReadOnlySpan<byte> id)
    {
        var candidate = result.Candidates[i];
        output.LengthDelimited(Candidate.ItemIdFieldNumber, id);
        WriteScore(ref output, Candidate.ScoreFieldNumber, candidate.Score);
        WriteSources(ref output, candidate.Sources);
        foreach (var (pull, contribution) in new Contributions(result, i))
        {
            if (contribution == 0) continue;
            output.Tag(Candidate.ContributionsFieldNumber, WireFormat.WireType.LengthDelimited);
            output.VarInt((uint)ContributionBytes(space, pull));
            output.LengthDelimited(Contribution.ItemIdFieldNumber, IdOf(space, pull.Item));
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
        if (sources.HasFlag(RecallSources.Catalog)) output.VarInt((uint)RecallSource.Catalog);
        if (sources.HasFlag(RecallSources.SimilarUsers)) output.VarInt((uint)RecallSource.SimilarUsers);
    }

    private static void WriteScore(ref ProtobufWriter output, int field, float score)
    {
        output.Tag(field, WireFormat.WireType.Fixed32);
        output.Single(score);
    }

    private static ReadOnlySpan<byte> IdOf(scoped in RecallSpace space, CandidateId item) =>
        item.IsInGeneration ? space.Generation.Utf8IdOf(item.Ordinal) : space.Items.Utf8IdOf(item.Key);

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

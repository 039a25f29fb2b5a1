using CsCheck;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using Google.Protobuf;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class AnswerFilterTests
{
    private static readonly Gen<string> Id = Gen.OneOf(Gen.Int[0, 30].Select(i => $"item-{i}"), Gen.String[1, 40]);

    private static readonly Gen<float?> Threshold = Gen.Int[0, 4].Select(i => new float?[] { null, 0, -1, 0.5f, float.MaxValue }[i]);

    private static readonly Gen<RecallResponse> Response =
        from ids in Id.List[0, 40]
        from scores in Gen.OneOf(Gen.Single, Gen.Const(0f), Gen.Const(0.5f)).Array[ids.Count]
        select new RecallResponse
        {
            Candidates = { ids.Distinct().Select((id, i) => new Candidate { ItemId = id, Score = scores[i] }) },
            GenerationId = "0123456789abcdef",
            Basis = RecallBasis.Embedding,
        };

    [Fact]
    public void HasAny_AnyAnswer_IsWhetherACandidateIsAmongThem() =>
        Gen.Select(Response, Id.HashSet[0, 20]).Sample((response, ids) =>
        {
            var sent = RecallResponse.Parser.ParseFrom(response.ToByteArray());
            Assert.Equal(sent.Candidates.Any(candidate => ids.Contains(candidate.ItemId)), AnswerFilter.HasAny(sent.ToByteArray(), ids));
        });

    [Fact]
    public void Apply_AnyAnswer_EqualsFilteringTheDecodedCandidates() =>
        Gen.Select(Response, Id.HashSet[0, 20], Gen.Int[1, 50], Threshold).Sample((response, excludes, k, minimum) =>
        {
            // Ids go over the wire as UTF-8, where a lone surrogate of a generated string is replaced.
            var sent = RecallResponse.Parser.ParseFrom(response.ToByteArray());
            var expected = sent.Clone();
            expected.Candidates.Clear();
            expected.Candidates.Add(sent.Candidates.Where(c => !excludes.Contains(c.ItemId) && (minimum is null || c.Score >= minimum)).Take(k));

            var filtered = AnswerFilter.Apply(response.ToByteArray(), excludes, minimum, k, out var candidates);

            Assert.Equal(expected, RecallResponse.Parser.ParseFrom(filtered));
            Assert.Equal(expected.Candidates.Count, candidates);
        });

    [Fact]
    public void Apply_TruncatedAnswer_ThrowsUnlessItEndsBetweenFields()
    {
        var whole = new RecallResponse { Candidates = { new Candidate { ItemId = "a", Score = 1 }, new Candidate { ItemId = "b", Score = 2 } } }.ToByteArray();
        var candidateBytes = whole.Length / 2;
        for (var length = 0; length < whole.Length; length++)
        {
            if (length % candidateBytes == 0)
            {
                AnswerFilter.Apply(whole.AsSpan(0, length), new HashSet<string>(), null, 10, out var candidates);
                Assert.Equal(length / candidateBytes, candidates);
            }
            else
            {
                Assert.Throws<InvalidDataException>(() => AnswerFilter.Apply(whole.AsSpan(0, length), new HashSet<string>(), null, 10, out _));
            }
        }
    }

    [Fact]
    public void Apply_CandidateWithoutId_Throws() =>
        Assert.Throws<InvalidDataException>(() =>
            AnswerFilter.Apply(new RecallResponse { Candidates = { new Candidate { Score = 1 } } }.ToByteArray(), new HashSet<string> { "a" }, null, 10, out _));
}

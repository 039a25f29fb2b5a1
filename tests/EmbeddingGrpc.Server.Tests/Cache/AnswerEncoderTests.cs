using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Protobuf;
using Generation = EmbeddingGrpc.Server.Models.Generation;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class AnswerEncoderTests : IDisposable
{
    // Ids of one byte, of several bytes a character, and longer than one byte of length can say; the last one is newer than the generation.
    private static readonly string[] Ids = ["a", "Amélie → 映画 🎬", new string('x', 256), "newer → 🎬"];

    private readonly ItemKeys _keys = new();
    private readonly GenerationStore _store = new();
    private readonly GenerationLease _lease;

    public AnswerEncoderTests()
    {
        foreach (var id in Ids) _keys.GetOrAdd(id);
        _store.Publish(new Generation(TestGenerations.Parts(3) with { Vocabulary = TestGenerations.VocabularyOf(Ids[..3]) }, _keys));
        _store.TryLease(out _lease);
    }

    private RecallSpace Space => new(_lease.Generation, _keys, new ItemGraph(new ItemGraphOptions()));

    private static RecallCandidate[] Candidates =>
    [
        new(CandidateId.Of(new ItemOrdinal(0)), 0.5f, RecallSources.Embedding),
        new(CandidateId.Of(new ItemOrdinal(1)), -0.25f, RecallSources.Embedding | RecallSources.Graph),
        new(CandidateId.Of(new ItemOrdinal(2)), 0.125f, RecallSources.Popular),
        new(CandidateId.Of(new ItemKey(3)), 3, RecallSources.All | RecallSources.SimilarUsers),
    ];

    private static readonly RecallSource[][] Sources =
    [
        [RecallSource.Embedding], [RecallSource.Embedding, RecallSource.Graph], [RecallSource.Popular],
        [RecallSource.Embedding, RecallSource.Graph, RecallSource.Popular, RecallSource.Catalog, RecallSource.SimilarUsers],
    ];

    public void Dispose()
    {
        _lease.Dispose();
        _store.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Encode_AnyAnswer_IsWhatProtobufMakesOfTheResponse(int count)
    {
        var body = AnswerEncoder.Encode(Space, new RecallResult(Candidates.AsSpan(0, count), AnswerBasis.Popular));

        Assert.Equal(Response(count, RecallBasis.Popular).ToByteArray(), body);
    }

    [Fact]
    public void Encode_WithReasons_IsWhatProtobufMakesOfTheResponse()
    {
        Pull[] pulls = [new(CandidateId.Of(new ItemOrdinal(1)), new ItemKey(1), 1), new(CandidateId.Of(new ItemKey(3)), new ItemKey(3), 1)];
        float[] contributions = [0.25f, 0.25f, -0.25f, 0, 0, 0, 1, 2];
        var body = AnswerEncoder.Encode(Space, new RecallResult(Candidates, AnswerBasis.Embedding, pulls, contributions));

        var expected = Response(4, RecallBasis.Embedding);
        for (var i = 0; i < contributions.Length; i++)
        {
            // What brought nothing is not named.
            if (contributions[i] != 0) expected.Candidates[i / 2].Contributions.Add(new Contribution { ItemId = Ids[i % 2 == 0 ? 1 : 3], Score = contributions[i] });
        }

        Assert.Equal(expected.ToByteArray(), body);
    }

    [Fact]
    public void Encode_ItemThatWasFoldedIn_IsNamedAndCold()
    {
        var row = new float[8];
        _lease.Generation.FoldIn(new ItemKey(3), row, row, default);
        var body = AnswerEncoder.Encode(Space, new RecallResult([new(CandidateId.Of(new ItemOrdinal(3)), 1, RecallSources.Embedding)], AnswerBasis.Embedding));

        var candidate = RecallResponse.Parser.ParseFrom(body).Candidates.Single();
        Assert.Equal((Ids[3], true), (candidate.ItemId, candidate.Cold));
    }

    [Fact]
    public void Encode_BodyWithPerCallFieldsAppended_DecodesAsOneResponse()
    {
        var body = AnswerEncoder.Encode(Space, new RecallResult(Candidates.AsSpan(0, 1), AnswerBasis.Embedding));
        byte[] whole = [.. body, .. new RecallResponse { RecallId = "call", Source = AnswerSource.Redis }.ToByteArray()];

        var response = RecallResponse.Parser.ParseFrom(whole);
        Assert.Equal(("call", AnswerSource.Redis, "a"), (response.RecallId, response.Source, response.Candidates.Single().ItemId));
    }

    private RecallResponse Response(int count, RecallBasis basis) => new()
    {
        Candidates =
        {
            Enumerable.Range(0, count).Select(i => new Candidate { ItemId = Ids[i], Score = Candidates[i].Score, Sources = { Sources[i] }, Cold = i == 3 }),
        },
        GenerationId = _lease.Generation.IdText,
        Basis = basis,
    };
}

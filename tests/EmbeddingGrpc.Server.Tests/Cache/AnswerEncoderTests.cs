using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Protobuf;
using Generation = EmbeddingGrpc.Server.Models.Generation;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class AnswerEncoderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Encode_AnyAnswer_DecodesAsTheResponse(int count)
    {
        // Ids of one byte, of several bytes a character, and longer than one byte of length can say.
        string[] ids = ["a", "Amélie → 映画 🎬", new string('x', 256)];
        using var store = StoreOf(ids);
        store.TryLease(out var lease);
        using (lease)
        {
            var neighbors = ids.Take(count).Select((_, i) => new Neighbor(new ItemOrdinal(i), 1f / (i + 3))).ToArray();
            var body = AnswerEncoder.Encode(lease.Generation, new RecallResult(neighbors, AnswerBasis.Popular));

            var expected = new RecallResponse
            {
                Candidates = { ids.Take(count).Select((id, i) => new Candidate { ItemId = id, Score = 1f / (i + 3) }) },
                GenerationId = lease.Generation.IdText,
                Basis = RecallBasis.Popular,
            };
            Assert.Equal(expected, RecallResponse.Parser.ParseFrom(body));
            Assert.Equal(expected.ToByteArray(), body);
        }
    }

    [Fact]
    public void Encode_BodyWithPerCallFieldsAppended_DecodesAsOneResponse()
    {
        using var store = StoreOf("a");
        store.TryLease(out var lease);
        using (lease)
        {
            var body = AnswerEncoder.Encode(lease.Generation, new RecallResult([new Neighbor(new ItemOrdinal(0), 1)], AnswerBasis.Embedding));
            byte[] whole = [.. body, .. new RecallResponse { RecallId = "call", Source = AnswerSource.Redis }.ToByteArray()];

            var response = RecallResponse.Parser.ParseFrom(whole);
            Assert.Equal(("call", AnswerSource.Redis, "a"), (response.RecallId, response.Source, response.Candidates.Single().ItemId));
        }
    }

    private static GenerationStore StoreOf(params string[] ids)
    {
        var store = new GenerationStore();
        store.Publish(new Generation(TestGenerations.Parts(ids.Length) with { Vocabulary = TestGenerations.VocabularyOf(ids) }, new ItemKeys()));
        return store;
    }
}

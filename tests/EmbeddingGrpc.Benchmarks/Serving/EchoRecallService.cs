using System.Globalization;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>Answers at once, with messages of the size that real answers have.</summary>
internal sealed class EchoRecallService : RecallService.RecallServiceBase
{
    // Asked for once, before vector queries are drawn.
    private const int Dimension = 64;

    private static readonly string[] Ids = [.. Enumerable.Range(0, 1000).Select(i => (10_000_000 + (i * 997)).ToString(CultureInfo.InvariantCulture))];

    private static long _calls;

    /// <summary>Calls answered.</summary>
    public static long Calls => Interlocked.Read(ref _calls);

    public override Task<RecallResponse> Recall(RecallRequest request, ServerCallContext context)
    {
        var call = Interlocked.Increment(ref _calls);
        var response = new RecallResponse { GenerationId = "0123456789abcdef", Basis = RecallBasis.Embedding, Source = AnswerSource.Search, RecallId = $"0123456789abcdef-{call:x}" };
        for (var i = 0; i < request.K; i++)
            response.Candidates.Add(new Candidate { ItemId = Ids[i], Score = 1f - (i * 0.001f), Sources = { RecallSource.Embedding } });
        return Task.FromResult(response);
    }

    public override Task<GetEmbeddingsResponse> GetEmbeddings(GetEmbeddingsRequest request, ServerCallContext context)
    {
        var response = new GetEmbeddingsResponse();
        foreach (var id in request.ItemIds) response.Embeddings.Add(new Embedding { ItemId = id, Values = { new float[Dimension] } });
        return Task.FromResult(response);
    }
}

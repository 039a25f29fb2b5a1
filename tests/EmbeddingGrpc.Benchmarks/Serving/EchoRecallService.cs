using System.Globalization;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Recall;
using Grpc.Core;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>Answers at once, with messages of the size that real answers have.</summary>
/// <param name="same">Whether it answers all calls with one message, made beforehand: what a call allocates is Kestrel's, gRPC's and the request's then.</param>
/// <param name="searched">Where it searches for the vector of a request before it answers; null where it does not.</param>
internal sealed class EchoRecallService(EchoRecallService.SameAnswer same, OpenedGeneration? searched = null) : RecallService.RecallServiceBase
{
    // Of the vectors of a service that searches for none.
    private const int Dimension = 64;

    private static readonly string[] Ids = [.. Enumerable.Range(0, 1000).Select(i => (10_000_000 + (i * 997)).ToString(CultureInfo.InvariantCulture))];

    private static readonly RecallEngine Engine = new(new RecallOptions());

    private static long _calls;

    /// <summary>Calls answered.</summary>
    public static long Calls => Interlocked.Read(ref _calls);

    public override Task<RecallResponse> Recall(RecallRequest request, ServerCallContext context)
    {
        var call = Interlocked.Increment(ref _calls);
        if (searched is not null && request.QueryCase == RecallRequest.QueryOneofCase.Vector) Search(searched.Space, request);
        return Task.FromResult(same.Enabled ? same.To((int)request.K) : Answer((int)request.K, call));
    }

    public override Task<GetEmbeddingsResponse> GetEmbeddings(GetEmbeddingsRequest request, ServerCallContext context)
    {
        // Asked for once, before vector queries are drawn, for their length.
        var values = new float[searched?.Space.Generation.Similarity.Dimension ?? Dimension];
        var response = new GetEmbeddingsResponse();
        foreach (var id in request.ItemIds) response.Embeddings.Add(new Embedding { ItemId = id, Values = { values } });
        return Task.FromResult(response);
    }

    private static void Search(RecallSpace space, RecallRequest request)
    {
        var subject = new VectorSubject(request.Vector.Values.ToArray());
        Engine.Search(space, new RecallQuery { Subject = subject, K = (int)request.K }, [], CancellationToken.None);
    }

    private static RecallResponse Answer(int k, long call)
    {
        var response = new RecallResponse { GenerationId = "0123456789abcdef", Basis = RecallBasis.Embedding, Source = AnswerSource.Search, RecallId = $"0123456789abcdef-{call:x}" };
        for (var i = 0; i < k; i++)
            response.Candidates.Add(new Candidate { ItemId = Ids[i], Score = 1f - (i * 0.001f), Sources = { RecallSource.Embedding } });
        return response;
    }

    /// <summary>The one message, or none.</summary>
    /// <param name="Enabled">Whether it is wanted.</param>
    internal sealed record SameAnswer(bool Enabled)
    {
        private RecallResponse? _answer;

        /// <summary>The message with so many candidates.</summary>
        public RecallResponse To(int k)
        {
            var answer = _answer;
            return answer is not null && answer.Candidates.Count == k ? answer : _answer = Answer(k, 0);
        }
    }
}

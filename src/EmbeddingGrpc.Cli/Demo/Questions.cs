using System.Diagnostics;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Demo;

/// <summary>Asks many questions through the Recall call, several at once, and times each.</summary>
internal static class Questions
{
    /// <summary>Calls in flight: enough to keep the daemon busy on a small machine.</summary>
    private const int InFlight = 8;

    /// <summary>Asks all of them.</summary>
    /// <returns>One answer for each, in the same order.</returns>
    public static async Task<Answers> AskAsync(EmbeddingClient client, IReadOnlyList<RecallRequest> requests, CancellationToken cancellationToken)
    {
        var responses = new RecallResponse[requests.Count];
        var milliseconds = new double[requests.Count];
        await Parallel.ForAsync(0, requests.Count, new ParallelOptions { MaxDegreeOfParallelism = InFlight, CancellationToken = cancellationToken }, async (i, token) =>
        {
            var began = Stopwatch.GetTimestamp();
            responses[i] = await client.RecallAsync(requests[i], token);
            milliseconds[i] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        });
        return new Answers(responses, milliseconds);
    }
}

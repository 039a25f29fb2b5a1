using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Searches a generation before it serves, so that its first requests find compiled code and pages in memory. Stateless.</summary>
internal static class GenerationWarmUp
{
    // Enough calls for the runtime to count the search as hot, spread over the items to touch pages of the whole graph.
    private const int Queries = 64;
    private const int K = 10;

    /// <summary>Searches its indexes from items spread evenly over the vocabulary, then asks what was asked lately.</summary>
    /// <param name="generation">Not serving yet.</param>
    /// <param name="asked">What was asked of the generation that serves; nothing after a start.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static void Run(Generation generation, AskedQueries asked, CancellationToken cancellationToken)
    {
        Span<Neighbor> results = stackalloc Neighbor[K];
        var count = Math.Min(Queries, generation.Vocabulary.Count);
        for (var query = 0; query < count; query++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = generation.Similarity[new ItemOrdinal((int)((long)query * generation.Vocabulary.Count / count))];
            generation.Similar.Search(row, new SearchParameters(K), results, cancellationToken);
            if (generation.Info.PredictsNext) generation.Next.Search(row, new SearchParameters(K), results, cancellationToken);
        }

        asked.Replay(generation, cancellationToken);
    }
}

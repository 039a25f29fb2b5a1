using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Bench;

/// <summary>Requests of one kind, drawn from the ids that a model knows.</summary>
internal sealed class RecallQueries
{
    // Of one call.
    private const int MostEmbeddings = 1000;

    private readonly Func<Random, RecallRequest> _draw;

    private RecallQueries(Func<Random, RecallRequest> draw) => _draw = draw;

    /// <summary>Asks the daemon for what it needs to know: its most popular items, and the dimension of its vectors.</summary>
    /// <param name="client">The daemon.</param>
    /// <param name="kind">What to ask for.</param>
    /// <param name="k">How many items.</param>
    /// <param name="ids">Items (users, for a user query) to ask about; empty means the model's thousand most popular items.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<RecallQueries> PrepareAsync(
        EmbeddingClient client, RecallQueryKind kind, int k, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0 && kind != RecallQueryKind.User)
        {
            // A user whom nobody has seen is answered with the most popular items.
            var popular = await client.RecallAsync(
                new RecallRequest { User = new UserQuery { UserId = $"embedctl-bench-{Guid.NewGuid():N}" }, K = 1000 }, cancellationToken);
            ids = [.. popular.Candidates.Select(candidate => candidate.ItemId)];
        }

        if (kind != RecallQueryKind.Vector) return new RecallQueries(random => Request(kind, ids, random, k));
        // Of the first alone there may be none: the most popular item can be one that came after the training.
        var known = (await client.GetEmbeddingsAsync([.. ids.Take(MostEmbeddings)], cancellationToken: cancellationToken)).Embeddings;
        if (known.Count == 0)
            throw new CommandFailedException("the model has no vector of any item to ask about, so the length of a query vector is not known: train it first, or name items that it was trained on");
        return new RecallQueries(random => new RecallRequest { K = (uint)k, Vector = RandomVector(known[0].Values.Count, random) });
    }

    /// <summary>The next request.</summary>
    public RecallRequest Draw(Random random) => _draw(random);

    private static RecallRequest Request(RecallQueryKind kind, IReadOnlyList<string> ids, Random random, int k)
    {
        var request = new RecallRequest { K = (uint)k };
        switch (kind)
        {
            case RecallQueryKind.Item:
                request.Item = new ItemQuery { ItemId = Any() };
                break;
            case RecallQueryKind.User:
                request.User = new UserQuery { UserId = Any() };
                break;
            default:
                request.Session = new SessionQuery { Items = { Enumerable.Range(0, 5).Select(_ => new SessionItem { ItemId = Any() }) } };
                break;
        }

        return request;

        string Any() => ids[random.Next(ids.Count)];
    }

    // Gaussian, so that directions are uniform.
    private static VectorQuery RandomVector(int dimension, Random random)
    {
        var query = new VectorQuery();
        for (var i = 0; i < dimension; i++)
        {
            query.Values.Add((float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())));
        }

        return query;
    }
}

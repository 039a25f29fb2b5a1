using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Server.Grpc;

/// <summary>
/// Recalls by an item, a vector, a session and a user, from the request to the encoded answer: what that runs is compiled, which whoever recalled first would wait for, a twentieth of
/// a second. They are asked so that their answers are kept for nobody else. Stateless.
/// </summary>
internal sealed class FirstRecalls(RecallCall call) : IFirstRecalls
{
    // What runs for the first time is prepared for the second one.
    private const int Rounds = 2;

    private const int K = 10;

    // Nobody's. What a user is answered is kept in this daemon's memory alone.
    private const string NoUser = "first-recall";

    // An answer with places for cold items and items left out is not kept at all.
    private const double ColdShare = 0.1;

    /// <inheritdoc/>
    public void Make(ModelRuntime model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (!model.Generations.TryLease(out var lease)) return;
        using (lease)
        {
            var generation = lease.Generation;
            if (generation.Vocabulary.Count == 0) return;
            var item = new ItemOrdinal(0);
            try
            {
                for (var round = 0; round < Rounds; round++)
                    foreach (var request in RequestsFor(model.Name, generation.IdOf(item), generation.Similarity[item]))
                        // On the thread that loads generations, which has nothing else to do.
                        call.AnswerOneOfManyAsync(request, null, cancellationToken).AsTask().GetAwaiter().GetResult();
            }
            catch (OperationCanceledException)
            {
                // The daemon stops, and nobody will recall.
            }
        }
    }

    private static RecallRequest[] RequestsFor(string model, string itemId, ReadOnlySpan<float> vector) =>
    [
        new() { Model = model, K = K, Item = new ItemQuery { ItemId = itemId }, ColdShare = ColdShare, ExcludeItemIds = { itemId } },
        new() { Model = model, K = K, Vector = new VectorQuery { Values = { vector.ToArray() } }, ColdShare = ColdShare, ExcludeItemIds = { itemId } },
        new() { Model = model, K = K, Session = new SessionQuery { Items = { new SessionItem { ItemId = itemId } }, UserId = NoUser } },
        new() { Model = model, K = K, User = new UserQuery { UserId = NoUser } },
    ];
}

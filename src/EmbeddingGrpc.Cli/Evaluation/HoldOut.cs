using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Evaluation;

/// <summary>Leave-last-one-out: each user's newest interaction is hidden and asked for.</summary>
/// <param name="Training">What a recommender may see, in the order given.</param>
/// <param name="Hidden">One for each user with at least <see cref="MinimumInteractions"/> interactions.</param>
internal sealed record HoldOut(IReadOnlyList<UserInteraction> Training, IReadOnlyList<HiddenItem> Hidden)
{
    /// <summary>Users with fewer are for training only.</summary>
    public const int MinimumInteractions = 3;

    /// <summary>Splits interactions; of equal times the later in the list is the newer.</summary>
    public static HoldOut LastOfEachUser(IReadOnlyList<UserInteraction> interactions)
    {
        var newest = new Dictionary<string, (int Index, int Count)>();
        for (var i = 0; i < interactions.Count; i++)
        {
            var user = interactions[i].UserId;
            newest[user] = newest.TryGetValue(user, out var seen)
                ? (interactions[i].EventTimeMs >= interactions[seen.Index].EventTimeMs ? i : seen.Index, seen.Count + 1)
                : (i, 1);
        }

        var hidden = newest.Values.Where(user => user.Count >= MinimumInteractions).Select(user => user.Index).ToHashSet();
        var training = interactions.Where((_, i) => !hidden.Contains(i)).ToArray();
        var histories = training.ToLookup(interaction => interaction.UserId, interaction => interaction.ItemId);
        return new HoldOut(
            training,
            [.. hidden.Order().Select(i => new HiddenItem(interactions[i].UserId, interactions[i].ItemId, histories[interactions[i].UserId].ToHashSet()))]);
    }
}

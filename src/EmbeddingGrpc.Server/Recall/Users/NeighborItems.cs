using System.Runtime.InteropServices;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>
/// Finds what users did lately who are like the one who asks: of each, the items that pull, by pull and similarity, added up. Stateless; works in a thread's
/// scratch.
/// </summary>
internal sealed class NeighborItems(RecallOptions options)
{
    private const int UsersBetweenChecks = 16;

    private readonly HistoryVector _vector = new(options);

    /// <summary>What an item of similar users counts at most.</summary>
    public double Weight => options.SimilarUsers.Weight;

    /// <summary>Fills the scratch's <see cref="RecallScratch.UserItems"/>; leaves it empty where nobody is similar, or nothing that pulls is known.</summary>
    /// <param name="space">What is searched; with vectors of users, else this finds nothing.</param>
    /// <param name="self">The user who must not be among them; null for none.</param>
    /// <param name="scratch">Pulls and exclusions in, items out.</param>
    /// <param name="cancellationToken">Checked within the search and between users.</param>
    public void Find(in RecallSpace space, string? self, RecallScratch scratch, CancellationToken cancellationToken)
    {
        var items = scratch.UserItems;
        items.Clear();
        if (space.Users is not { } users) return;
        var vector = scratch.UserVector(users.Dimension);
        if (!HistoryVector.TryMix(space.Generation, scratch.Pulls, vector)) return;
        var nearest = users.Nearest(vector, options.SimilarUsers.Neighbors, self is null ? null : users.HashOf(self), cancellationToken);

        var other = scratch.OfAnotherUser;
        var room = scratch.OtherUser;
        room.Fit(users.MaximumHistory);
        for (var i = 0; i < nearest.Count; i++)
        {
            if (i % UsersBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            // Nearest first: from here on they are rather unlike.
            if (!(nearest[i].Score > 0)) break;
            if (!users.TryRead(nearest[i].Item, room.Id, room.Stored, out var record)) continue;
            StoredEvent.Unpack(room.Stored.AsSpan(0, record.EventCount), room.History);
            _vector.Collect(space, room.History.AsSpan(0, record.EventCount), other);
            foreach (var pull in other.Pulls)
                if (!scratch.Excluded.Contains(pull.Item))
                    CollectionsMarshal.GetValueRefOrAddDefault(items, pull.Item, out _) += nearest[i].Score * pull.Weight;
        }
    }
}

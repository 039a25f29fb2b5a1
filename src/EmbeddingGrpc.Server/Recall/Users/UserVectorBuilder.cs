using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Makes the vectors of the users who were active last. Stateless; beside the writer of the histories.</summary>
internal sealed class UserVectorBuilder(RecallOptions options)
{
    private const int UsersBetweenChecks = 256;

    private readonly HistoryVector _vector = new(options);

    /// <summary>Makes them.</summary>
    /// <param name="space">What knows the items; its generation leased by the caller.</param>
    /// <param name="histories">The users.</param>
    /// <param name="previous">An earlier table of the same generation, from which is taken what did not change; null for none.</param>
    /// <param name="sources">How far all of it is known, read before.</param>
    /// <param name="cancellationToken">Checked between users.</param>
    public UserVectors Build(in RecallSpace space, UserHistories histories, UserVectors? previous, UserVectorSources sources, CancellationToken cancellationToken)
    {
        var slots = ActiveUsers.Choose(histories, options.SimilarUsers.MaximumUsers, cancellationToken);
        var made = new UserVectors(space.Generation, histories, slots.Length) { Sources = sources };
        try
        {
            Fill(made, space, histories, slots, previous, cancellationToken);
            return made;
        }
        catch
        {
            made.Release();
            throw;
        }
    }

    private void Fill(UserVectors made, in RecallSpace space, UserHistories histories, int[] slots, UserVectors? previous, CancellationToken cancellationToken)
    {
        var scratch = new RecallScratch();
        var id = new byte[UserDirectory.MaximumIdBytes];
        var stored = new StoredEvent[histories.MaximumLength];
        var history = new HistoryEvent[histories.MaximumLength];
        var row = 0;
        for (var i = 0; i < slots.Length; i++)
        {
            if (i % UsersBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            if (!histories.TryReadSlot(slots[i], id, stored, out var record)) continue;
            if (previous?.TryCopy(ref row, slots[i], record, made.Next) == true)
            {
                made.Add(slots[i], record, isSettled: true);
                continue;
            }

            StoredEvent.Unpack(stored.AsSpan(0, record.EventCount), history);
            if (_vector.TryMake(space, history.AsSpan(0, record.EventCount), scratch, made.Next)) made.Add(slots[i], record, IsSettled(space, scratch.Pulls));
        }
    }

    /// <summary>Whether the generation was trained on all that pulls: what it was not is folded in later, or given a better vector.</summary>
    private static bool IsSettled(in RecallSpace space, List<Pull> pulls)
    {
        foreach (var pull in pulls)
            if (ColdPlaces.IsCold(space.Generation, pull.Item))
                return false;
        return true;
    }
}

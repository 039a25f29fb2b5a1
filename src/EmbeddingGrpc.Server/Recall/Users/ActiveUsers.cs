using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>Chooses the users whose histories changed last. Stateless; beside the writer of the histories.</summary>
internal static class ActiveUsers
{
    private const int SlotsBetweenChecks = 4096;

    /// <summary>Slots of the users whose histories changed last, in rising order.</summary>
    /// <param name="histories">Where they lie.</param>
    /// <param name="maximum">So many at most.</param>
    /// <param name="cancellationToken">Checked between blocks of slots.</param>
    public static int[] Choose(UserHistories histories, int maximum, CancellationToken cancellationToken)
    {
        // The version of a history is the place of its last change in the log. A heap of those chosen so far: most slots lose against its root.
        var chosen = new PriorityQueue<int, long>();
        for (var slot = 0; slot < histories.SlotCount; slot++)
        {
            if (slot % SlotsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            if (!histories.TryGlanceVersion(slot, out var version)) continue;
            if (chosen.Count < maximum) chosen.Enqueue(slot, version);
            else chosen.EnqueueDequeue(slot, version);
        }

        var slots = new int[chosen.Count];
        var at = 0;
        foreach (var (slot, _) in chosen.UnorderedItems) slots[at++] = slot;
        Array.Sort(slots);
        return slots;
    }
}

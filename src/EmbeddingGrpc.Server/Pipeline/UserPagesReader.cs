using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Fills empty histories with what <see cref="UserPagesWriter"/> wrote: chunk by chunk where they are as long, otherwise user by user. Stateless.</summary>
internal static class UserPagesReader
{
    /// <summary>Fills histories.</summary>
    /// <exception cref="CheckpointCorruptException">Index and pages contradict each other.</exception>
    public static void Read(CheckpointPages pages, UserHistories histories)
    {
        var maximumLength = pages.Index.Read<int>();
        if (maximumLength is < 1 or > ushort.MaxValue) throw new CheckpointCorruptException($"it has up to {maximumLength} interactions of a user");
        if (maximumLength == histories.MaximumLength)
        {
            ReadPages(pages, histories);
        }
        else
        {
            using var kept = new UserHistories(maximumLength);
            ReadPages(pages, kept);
            Copy(kept, histories);
        }

        histories.EndRestore();
    }

    private static void ReadPages(CheckpointPages pages, UserHistories histories)
    {
        var (users, ids) = (histories.Users.Records, histories.Users.Ids);
        var reader = new ChunkReader(pages, "the section of its users");
        var eventCounts = reader.ReadCounts(histories.Events.Count, "classes of events");
        var idCounts = reader.ReadCounts(ids.Count, "lengths of ids");
        var userCount = reader.ReadCount();
        reader.Expect(users.Blocks, userCount);
        for (var kind = 0; kind < eventCounts.Length; kind++) reader.Expect(histories.Events[kind].Blocks, eventCounts[kind]);
        for (var length = 0; length < idCounts.Length; length++) reader.Expect(ids[length].Blocks, idCounts[length]);
        reader.ReadChunks();

        Check(histories, userCount, eventCounts, idCounts);
        users.EndRestore(userCount);
        for (var kind = 0; kind < eventCounts.Length; kind++) histories.Events[kind].EndRestore(eventCounts[kind]);
        for (var length = 0; length < idCounts.Length; length++) ids[length].EndRestore(idCounts[length]);
    }

    // Each user has the next blocks of its kinds, so that none is nobody's and none two users'.
    private static void Check(UserHistories histories, int users, int[] eventCounts, int[] idCounts)
    {
        var (events, ids) = (new int[eventCounts.Length], new int[idCounts.Length]);
        var lengths = histories.Events.Select(pool => pool.BlockLength).ToArray();
        var table = histories.Users.Records.Blocks;
        for (var first = 0; first < users; first += table.ChunkBlocks)
        {
            var records = table.ChunkAt(first / table.ChunkBlocks);
            for (var i = 0; i < Math.Min(records.Length, users - first); i++)
            {
                ref readonly var record = ref records[i];
                var isWhole = record.IdLength is > 0 and <= UserDirectory.MaximumIdBytes
                    && record.EventClass < events.Length
                    && record.EventCount <= lengths[record.EventClass]
                    && record.EventBlock == events[record.EventClass]++
                    && (record.HasInlineId || record.IdBlock == ids[UserDirectory.IdPoolOf(record.IdLength)]++);
                if (!isWhole)
                {
                    throw new CheckpointCorruptException(
                        $"its user {first + i}, with an id of {record.IdLength} bytes, has {record.EventCount} interactions in block {record.EventBlock} of class {record.EventClass}");
                }
            }
        }

        if (!events.SequenceEqual(eventCounts) || !ids.SequenceEqual(idCounts)) throw new CheckpointCorruptException("the section of its users has events or ids that are nobody's");
    }

    private static void Copy(UserHistories from, UserHistories to)
    {
        Span<byte> id = stackalloc byte[UserDirectory.MaximumIdBytes];
        var events = new StoredEvent[from.MaximumLength];
        for (var user = 0; user < from.SlotCount; user++)
        {
            if (from.TryReadSlot(user, id, events, out var record)) to.Restore(id[..record.IdLength], events.AsSpan(0, record.EventCount), record.Version);
        }
    }
}

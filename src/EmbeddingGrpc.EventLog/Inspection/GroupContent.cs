using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>How many entries of each sort a group holds.</summary>
internal readonly record struct GroupContent(long Interactions, long Records, long Erased, long Lost)
{
    /// <summary>Reads a group to its end.</summary>
    /// <exception cref="InvalidDataException">It is nonsense.</exception>
    public static GroupContent Count(GroupDecoder decoder)
    {
        var (interactions, records, erased, lost) = (0L, 0L, 0L, 0L);
        while (decoder.TryReadRow(out _, out var record, out var gap))
        {
            if (gap.Tag == EntryTag.Erased) erased += gap.Count;
            else if (gap.Tag == EntryTag.Lost) lost += gap.Count;
            else if (record is null) interactions++;
            else records++;
        }
        return new GroupContent(interactions, records, erased, lost);
    }

    public static GroupContent operator +(GroupContent left, GroupContent right) => new(
        left.Interactions + right.Interactions, left.Records + right.Records, left.Erased + right.Erased, left.Lost + right.Lost);
}

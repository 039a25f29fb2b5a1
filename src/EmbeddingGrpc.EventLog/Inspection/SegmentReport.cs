namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>What one segment holds.</summary>
public sealed record SegmentReport
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>The offset of its first entry.</summary>
    public required LogOffset BaseOffset { get; init; }

    /// <summary>The offset after its last readable entry.</summary>
    public required LogOffset EndOffset { get; init; }

    /// <summary>The file's length.</summary>
    public required long Bytes { get; init; }

    /// <summary>Groups with entries, which is to say commits.</summary>
    public long Groups { get; init; }

    /// <summary>Interactions that can be read.</summary>
    public long Interactions { get; init; }

    /// <summary>Changes of the catalogue and erase records that can be read.</summary>
    public long Records { get; init; }

    /// <summary>Entries that were erased.</summary>
    public long Erased { get; init; }

    /// <summary>Entries that an earlier salvage had to give up.</summary>
    public long Lost { get; init; }

    /// <summary>When it was begun.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When its last readable group was written.</summary>
    public required DateTimeOffset LastCommit { get; init; }

    /// <summary>True where it was finished, or its log closed, in order.</summary>
    public bool EndsWithMark { get; init; }

    /// <summary>What cannot be read, in order; empty for a sound segment.</summary>
    public required IReadOnlyList<LogDamage> Damage { get; init; }
}

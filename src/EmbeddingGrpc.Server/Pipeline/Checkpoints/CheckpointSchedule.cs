namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>When a checkpoint is due. Immutable.</summary>
/// <param name="Interval">At the latest after this long, if anything was applied since the last one.</param>
/// <param name="Entries">Sooner, after so many entries: what a start would have to replay.</param>
internal sealed record CheckpointSchedule(TimeSpan Interval, long Entries)
{
    // Writing takes at most a fifth of the time, however large the state.
    private const int RestPerWriting = 4;

    /// <summary>Whether one is due.</summary>
    /// <param name="entries">Applied since the last one began.</param>
    /// <param name="elapsed">Since the last one ended.</param>
    /// <param name="lastTook">How long the last one took.</param>
    public bool IsDue(long entries, TimeSpan elapsed, TimeSpan lastTook) =>
        entries > 0 && elapsed >= lastTook * RestPerWriting && (entries >= Entries || elapsed >= Interval);
}

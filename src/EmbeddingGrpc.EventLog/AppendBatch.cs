namespace EmbeddingGrpc.EventLog;

/// <summary>Validated interactions of one producer, to be made durable together. The log takes ownership of the arrays.</summary>
/// <param name="Interactions">In the producer's order.</param>
/// <param name="Producer">Null for interactions that are not numbered.</param>
/// <param name="Numbers">As long as <paramref name="Interactions"/> and strictly increasing; null without a producer.</param>
/// <param name="DoneThrough">
/// The highest number that this batch finishes: at least the last of <paramref name="Numbers"/>, higher where rejected interactions
/// followed it. Becomes durable with the batch even if it carries no interaction. 0 without a producer.
/// </param>
public sealed record AppendBatch(Interaction[] Interactions, ProducerId? Producer = null, ulong[]? Numbers = null, ulong DoneThrough = 0)
{
    /// <summary>Changes of the catalogue and erasures, appended after the interactions. Only without a producer: they have no numbers.</summary>
    public LogRecord[] Records { get; init; } = [];

    /// <summary>
    /// The producer's number that this batch comes after: it is refused, retryably, while the producer's highest number is lower. Who has several batches on the way sets it to
    /// the <see cref="DoneThrough"/> of the one before: if that one is refused for want of space, this one, which may fit, must not make its numbers look done. 0 asks for nothing.
    /// </summary>
    public ulong Follows { get; init; }

    /// <summary>Entries that it becomes if none is a duplicate.</summary>
    internal int EntryCount => Interactions.Length + Records.Length;
}

namespace EmbeddingGrpc.Client;

/// <summary>An <see cref="EventStream"/> has ended and will not reconnect. The message says why.</summary>
public class EventStreamException : Exception
{
    /// <param name="message">Why, and what to do.</param>
    /// <param name="durableSequence">The highest number known to be on disk when the stream ended.</param>
    /// <param name="innerException">What the daemon or the connection said.</param>
    public EventStreamException(string message, ulong durableSequence, Exception? innerException = null)
        : base(message, innerException) => DurableSequence = durableSequence;

    /// <summary>Every number up to this one was on disk, or refused, when the stream ended. Interactions after it may or may not be.</summary>
    public ulong DurableSequence { get; }
}

namespace EmbeddingGrpc.Client;

/// <summary>A newer stream took over this producer's name. Two processes share a name, or a replacement started while this one still ran.</summary>
public sealed class ProducerFencedException : EventStreamException
{
    /// <param name="producerName">The contested name.</param>
    /// <param name="durableSequence">The highest number known to be on disk when the stream ended.</param>
    /// <param name="innerException">What the daemon said.</param>
    public ProducerFencedException(string producerName, ulong durableSequence, Exception innerException)
        : base(
            $"A newer stream of producer '{producerName}' took over, so this one may not send any more. Give each process a name of its own, or none.",
            durableSequence,
            innerException) => ProducerName = producerName;

    /// <summary>The contested name.</summary>
    public string ProducerName { get; }
}

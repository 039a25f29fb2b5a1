using System.ComponentModel.DataAnnotations;

namespace EmbeddingGrpc.Client;

/// <summary>How an <see cref="EventStream"/> names itself, batches, and bears an absent daemon.</summary>
public sealed record EventStreamOptions
{
    /// <summary>The model; null means that of the client.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// Who numbers the interactions. Null draws a name that is unique to this stream. A name of your own makes the numbering outlive the process;
    /// only one stream at a time may use it: a newer one fences the older one out.
    /// </summary>
    public string? ProducerName { get; init; }

    /// <summary>A higher epoch of the same name starts its numbering anew.</summary>
    public ulong ProducerEpoch { get; init; }

    /// <summary>Interactions sent in one message. Larger costs latency, smaller costs processor time.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; init; } = 500;

    /// <summary>A batch that is not full is sent after this long.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Interactions held in memory until the daemon has them on disk; when as many wait, sending waits too.</summary>
    [Range(1, 100_000_000)]
    public int BufferCapacity { get; init; } = 100_000;

    /// <summary>First pause before a reconnect. It doubles up to <see cref="MaximumBackoff"/>, less a random part so that clients do not come back together.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest pause before a reconnect.</summary>
    public TimeSpan MaximumBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The stream fails when the daemon was out of reach this long. By default it never gives up.</summary>
    public TimeSpan GiveUpAfter { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The daemon must answer the start of a stream within this time, or another connection is tried.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Called once for each refused interaction, in order, between acknowledgements: be quick and do not throw. Without it, refusals are logged and
    /// counted in <see cref="EventStream.RejectedCount"/>.
    /// </summary>
    public Action<InteractionRejection>? OnRejected { get; init; }
}

using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client;

/// <summary>What a user did with an item, ready to be sent on an <see cref="EventStream"/>.</summary>
/// <param name="UserId">1..256 bytes of UTF-8 without control characters.</param>
/// <param name="ItemId">1..256 bytes of UTF-8 without control characters.</param>
/// <param name="EventTimeMs">When it happened, in milliseconds since the Unix epoch; at most one day in the future.</param>
public readonly record struct UserInteraction(string UserId, string ItemId, long EventTimeMs)
{
    /// <summary>When it happened, as a point in time.</summary>
    public UserInteraction(string userId, string itemId, DateTimeOffset eventTime)
        : this(userId, itemId, eventTime.ToUnixTimeMilliseconds())
    {
    }

    /// <summary>What the user did; left out, it is a view.</summary>
    public InteractionType Type { get; init; }

    /// <summary>Finite and &gt;= 0; null means 1.</summary>
    public float? Weight { get; init; }

    /// <summary>The <c>recall_id</c> of the answer that led to this, if any.</summary>
    public string? RecallId { get; init; }

    /// <summary>
    /// The producer's number of this interaction; 0 lets the stream count. A producer that numbers its source itself (a line of a file, an offset
    /// of a queue) can send the source again after a crash: what is on disk already is skipped. Numbers of one stream strictly increase.
    /// </summary>
    public ulong Number { get; init; }
}

using System.Globalization;
using System.Text;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Turns a received interaction into one that the log may hold, or says what is wrong with it. Any number of threads.</summary>
public sealed class InteractionValidator(IngestOptions options, TimeProvider time)
{
    private const int MaximumRecallIdBytes = 64;

    // Before it are clocks that were never set, and seconds sent as milliseconds.
    private static readonly long EarliestMs = new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>The latest event time that is plausible now, in milliseconds since the Unix epoch: asked once for many interactions.</summary>
    public long LatestMs => time.GetUtcNow().ToUnixTimeMilliseconds() + (long)options.FutureTolerance.TotalMilliseconds;

    /// <summary>Checks every field of an interaction but its number.</summary>
    /// <param name="received">As it came: its type may be any number, its recall id empty for none.</param>
    /// <param name="latestMs"><see cref="LatestMs"/>.</param>
    /// <param name="interaction">What to store; an unspecified type has become a view.</param>
    /// <param name="violation">The first field at fault.</param>
    public static bool TryValidate(in ReceivedInteraction received, long latestMs, out Interaction interaction, out Violation violation)
    {
        if (FirstViolation(received, latestMs) is { } found)
        {
            (interaction, violation) = (default, found);
            return false;
        }

        var type = received.Type == (int)InteractionType.Unspecified ? InteractionType.View : (InteractionType)received.Type;
        var recallId = received.RecallId.Length == 0 ? null : received.RecallId;
        interaction = new Interaction(received.UserId, received.ItemId, type, received.EventTimeMs, received.Weight, recallId);
        violation = default;
        return true;
    }

    private static Violation? FirstViolation(in ReceivedInteraction received, long latestMs)
    {
        if (IdRules.Check(received.UserId) is { } user) return new Violation("user_id", user);
        if (IdRules.Check(received.ItemId) is { } item) return new Violation("item_id", item);
        if ((uint)received.Type > (uint)InteractionType.Dislike)
            return new Violation("type", $"is {received.Type}; must be one of the InteractionType values 0..{(int)InteractionType.Dislike}");
        if (received.EventTimeMs < EarliestMs || received.EventTimeMs > latestMs)
            return new Violation("event_time_ms", WrongTime(received.EventTimeMs, latestMs));
        // Also false for NaN.
        if (!(received.Weight is >= 0 and <= float.MaxValue))
            return new Violation("weight", string.Create(CultureInfo.InvariantCulture, $"is {received.Weight}; must be finite and at least 0"));
        if (IdRules.ExceedsBytes(received.RecallId, MaximumRecallIdBytes))
            return new Violation("recall_id", $"has {Encoding.UTF8.GetByteCount(received.RecallId)} bytes of UTF-8; must have at most {MaximumRecallIdBytes}");
        return null;
    }

    private static string WrongTime(long eventTimeMs, long latestMs) => string.Create(
        CultureInfo.InvariantCulture,
        $"is {eventTimeMs}; must be milliseconds since the Unix epoch, from {EarliestMs} (1990-01-01) to {latestMs} (the daemon's clock and the tolerated future)");
}

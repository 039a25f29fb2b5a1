using System.Globalization;
using System.Text;
using EmbeddingGrpc.EventLog;
using Wire = EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Turns an interaction from the wire into one that the log may hold, or says what is wrong with it. Any number of threads.</summary>
public sealed class InteractionValidator(IngestOptions options, TimeProvider time)
{
    private const int MaximumRecallIdBytes = 64;

    // Before it are clocks that were never set, and seconds sent as milliseconds.
    private static readonly long EarliestMs = new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

    /// <summary>The latest event time that is plausible now, in milliseconds since the Unix epoch: asked once for many interactions.</summary>
    public long LatestMs => time.GetUtcNow().ToUnixTimeMilliseconds() + (long)options.FutureTolerance.TotalMilliseconds;

    /// <summary>Checks every field but the number.</summary>
    /// <param name="source">As it came.</param>
    /// <param name="latestMs"><see cref="LatestMs"/>.</param>
    /// <param name="interaction">What to store; an unspecified type has become a view.</param>
    /// <param name="violation">The first field at fault.</param>
    public static bool TryValidate(Wire.Interaction source, long latestMs, out Interaction interaction, out Violation violation)
    {
        ArgumentNullException.ThrowIfNull(source);
        var weight = source.HasWeight ? source.Weight : 1f;
        if (FirstViolation(source, weight, latestMs) is { } found)
        {
            (interaction, violation) = (default, found);
            return false;
        }

        var type = source.Type == Wire.InteractionType.Unspecified ? InteractionType.View : (InteractionType)source.Type;
        var recallId = source.RecallId.Length == 0 ? null : source.RecallId;
        interaction = new Interaction(source.UserId, source.ItemId, type, source.EventTimeMs, weight, recallId);
        violation = default;
        return true;
    }

    private static Violation? FirstViolation(Wire.Interaction source, float weight, long latestMs)
    {
        if (IdRules.Check(source.UserId) is { } user) return new Violation("user_id", user);
        if (IdRules.Check(source.ItemId) is { } item) return new Violation("item_id", item);
        if ((uint)source.Type > (uint)InteractionType.Dislike)
            return new Violation("type", $"is {(int)source.Type}; must be one of the InteractionType values 0..{(int)InteractionType.Dislike}");
        if (source.EventTimeMs < EarliestMs || source.EventTimeMs > latestMs) return new Violation("event_time_ms", WrongTime(source.EventTimeMs, latestMs));
        // Also false for NaN.
        if (!(weight is >= 0 and <= float.MaxValue))
            return new Violation("weight", string.Create(CultureInfo.InvariantCulture, $"is {weight}; must be finite and at least 0"));
        if (IdRules.ExceedsBytes(source.RecallId, MaximumRecallIdBytes))
            return new Violation("recall_id", $"has {Encoding.UTF8.GetByteCount(source.RecallId)} bytes of UTF-8; must have at most {MaximumRecallIdBytes}");
        return null;
    }

    private static string WrongTime(long eventTimeMs, long latestMs) => string.Create(
        CultureInfo.InvariantCulture,
        $"is {eventTimeMs}; must be milliseconds since the Unix epoch, from {EarliestMs} (1990-01-01) to {latestMs} (the daemon's clock and the tolerated future)");
}

using System.Globalization;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>Times as files have them.</summary>
internal static class EventTimeText
{
    /// <summary>As seconds this lies in the year 5138, as milliseconds in 1973: no plausible event time can be mistaken for the other unit.</summary>
    private const double FirstMilliseconds = 100_000_000_000;

    /// <summary>Reads seconds or milliseconds since 1970, or ISO 8601 (UTC where it names no offset), as milliseconds since 1970.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long milliseconds)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            milliseconds = Math.Abs((double)whole) < FirstMilliseconds ? whole * 1000 : whole;
            return true;
        }
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) < 1e15)
        {
            milliseconds = (long)(Math.Abs(number) < FirstMilliseconds ? number * 1000 : number);
            return true;
        }
        var parsed = DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time);
        milliseconds = parsed ? time.ToUnixTimeMilliseconds() : 0;
        return parsed;
    }
}

using System.Globalization;
using System.Text.RegularExpressions;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>What a generation's directory is called: its number and its id, such as <c>000012-9f86d081884c7d65</c>. Sorts by age in any listing.</summary>
internal readonly partial record struct GenerationName(long Number, ulong Id)
{
    /// <summary>Reads a directory's name; false for anything else that lies there.</summary>
    public static bool TryParse(string text, out GenerationName name)
    {
        var match = Pattern().Match(text);
        var known = match.Success && long.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out _);
        name = known
            ? new(
                long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
                ulong.Parse(match.Groups[2].ValueSpan, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            : default;
        return known;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number:d6}-{GenerationInfo.TextOf(Id)}");

    [GeneratedRegex("^([0-9]{6,18})-([0-9a-f]{16})\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

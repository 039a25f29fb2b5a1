using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Numbers on the command line, within bounds. What is none, or is outside, is refused in words of the user's and not of the parser's.</summary>
internal static class OptionRanges
{
    /// <summary>An option that takes a number.</summary>
    /// <param name="name">As typed.</param>
    /// <param name="description">For <c>--help</c>.</param>
    /// <param name="value">Where it is not given.</param>
    /// <param name="minimum">Least value.</param>
    /// <param name="maximum">Greatest value.</param>
    public static Option<T> Number<T>(string name, string description, T value, T minimum, T maximum)
        where T : struct, INumber<T> =>
        new Option<T>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => value }.AcceptOnlyRange(minimum, maximum);

    /// <summary>Refuses what is no number, and one outside the bounds.</summary>
    public static Option<T> AcceptOnlyRange<T>(this Option<T> option, T minimum, T maximum)
        where T : struct, INumber<T>
    {
        option.CustomParser = result => Parse(result, option.Name, minimum, maximum) ?? default;
        return option;
    }

    /// <inheritdoc cref="AcceptOnlyRange{T}(Option{T}, T, T)"/>
    public static Option<T?> AcceptOnlyRange<T>(this Option<T?> option, T minimum, T maximum)
        where T : struct, INumber<T>
    {
        option.CustomParser = result => Parse(result, option.Name, minimum, maximum);
        return option;
    }

    private static T? Parse<T>(ArgumentResult result, string name, T minimum, T maximum)
        where T : struct, INumber<T>
    {
        var text = result.Tokens.Single().Value;
        var whole = typeof(T) != typeof(double);
        if (!T.TryParse(text, whole ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            var tooLarge = whole && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);
            result.AddError(tooLarge
                ? FormattableString.Invariant($"{name} is {text}; it must be {minimum}..{maximum}.")
                : FormattableString.Invariant($"{name} is '{text}'; it must be a {(whole ? "whole number" : "number")}, {minimum}..{maximum}."));
            return null;
        }

        // So that NaN is refused too.
        if (value >= minimum && value <= maximum) return value;
        result.AddError(FormattableString.Invariant($"{name} is {text}; it must be {minimum}..{maximum}."));
        return null;
    }
}

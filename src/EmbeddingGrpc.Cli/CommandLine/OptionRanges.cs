using System.CommandLine;
using System.Globalization;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Bounds of numbers on the command line.</summary>
internal static class OptionRanges
{
    /// <summary>Refuses a value outside the bounds. What is no number at all the parser refuses itself.</summary>
    public static Option<int> AcceptOnlyRange(this Option<int> option, int minimum, int maximum)
    {
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (!int.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)) continue;
                if (value < minimum || value > maximum) result.AddError($"{option.Name} is {value}; it must be {minimum}..{maximum}.");
            }
        });
        return option;
    }
}

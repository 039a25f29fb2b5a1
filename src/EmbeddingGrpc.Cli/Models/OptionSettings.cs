using System.CommandLine;

namespace EmbeddingGrpc.Cli.Models;

/// <summary><c>--set NAME=VALUE</c>, as often as needed. Which names and values exist the daemon knows.</summary>
internal static class OptionSettings
{
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--set")
        {
            Description = "Sets an option, such as Training.Dimension=64; see 'embedctl models options'. May be given several times.",
            HelpName = "NAME=VALUE",
            AllowMultipleArgumentsPerToken = false,
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                if (token.Value.IndexOf('=', StringComparison.Ordinal) < 1) result.AddError($"--set '{token.Value}' is not NAME=VALUE.");
            }
        });
        return option;
    }

    /// <summary>Reads what was given.</summary>
    public static Dictionary<string, string> Parse(IEnumerable<string>? settings)
    {
        var parsed = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var setting in settings ?? [])
        {
            var separator = setting.IndexOf('=', StringComparison.Ordinal);
            parsed[setting[..separator].Trim()] = setting[(separator + 1)..].Trim();
        }
        return parsed;
    }
}

using System.CommandLine;
using System.CommandLine.Parsing;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Options and arguments that take one of a few words. Completion offers them; another word is refused with the option's name and the words.</summary>
internal static class OptionChoices
{
    /// <summary>Takes these words only.</summary>
    public static Option<T> AcceptOnlyWords<T>(this Option<T> option, params string[] words)
        where T : class?
    {
        option.CompletionSources.Add(words);
        option.Validators.Add(result => Refuse(result, option.Name, words));
        return option;
    }

    /// <inheritdoc cref="AcceptOnlyWords{T}(Option{T}, string[])"/>
    public static Argument<string> AcceptOnlyWords(this Argument<string> argument, params string[] words)
    {
        argument.CompletionSources.Add(words);
        argument.Validators.Add(result => Refuse(result, argument.Name, words));
        return argument;
    }

    /// <summary>Takes the names of an enum, in any case.</summary>
    public static Option<T> AcceptOnlyNames<T>(this Option<T> option)
        where T : struct, Enum
    {
        string[] names = [.. Enum.GetNames<T>().Select(name => name.ToLowerInvariant())];
        option.CompletionSources.Add(names);
        option.CustomParser = result =>
        {
            var text = result.Tokens.Single().Value;
            // A number is no name, though the enum would take it.
            if (names.Contains(text, StringComparer.OrdinalIgnoreCase)) return Enum.Parse<T>(text, ignoreCase: true);
            Refuse(result, option.Name, names);
            return default;
        };
        return option;
    }

    private static void Refuse(SymbolResult result, string name, string[] words)
    {
        foreach (var token in result.Tokens)
        {
            if (!words.Contains(token.Value, StringComparer.Ordinal)) result.AddError($"{name} '{token.Value}' is not one of {string.Join(", ", words)}.");
        }
    }
}

using System.CommandLine;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary><c>--type-weight TYPE=WEIGHT</c>, as often as needed: what a daemon's <c>TrainingWeights.TYPE</c> is, for a file of behaviour.</summary>
internal sealed class TypeWeightOption
{
    private static readonly TrainingInteractions TrainOn = new();

    private readonly Option<string[]> _option = new("--type-weight")
    {
        Description = $"FILE only: how much interactions of a type count in training, such as purchase=3: {InteractionTypeText.Names}. 1 where it is not given; "
            + "impressions and dislikes do not train. In a daemon it is TrainingWeights.Purchase. May be given several times.",
        HelpName = "TYPE=WEIGHT",
        AllowMultipleArgumentsPerToken = false,
    };

    public TypeWeightOption() => _option.Validators.Add(result =>
    {
        var given = new HashSet<InteractionType>();
        foreach (var token in result.Tokens)
        {
            if (Problem(token.Value, given) is { } problem) result.AddError($"--type-weight {problem}");
        }
    });

    /// <summary>Adds it, for commands that know whether there is a file by <paramref name="source"/>.</summary>
    public void AddTo(Command command, SourceOptions source)
    {
        command.Add(_option);
        command.Validators.Add(result =>
        {
            if (result.GetResult(_option) is not null && !source.IsGiven(result)) result.AddError("--type-weight needs a FILE with types; see --format.");
        });
    }

    /// <summary>The weights of all types.</summary>
    public InteractionWeights Read(ParseResult arguments)
    {
        var weights = new InteractionWeights();
        foreach (var text in arguments.GetValue(_option) ?? [])
        {
            var (type, weight) = Parse(text)!.Value;
            weights = type switch
            {
                InteractionType.Click => weights with { Click = weight },
                InteractionType.AddToCart => weights with { AddToCart = weight },
                InteractionType.Purchase => weights with { Purchase = weight },
                InteractionType.Like => weights with { Like = weight },
                _ => weights with { View = weight },
            };
        }

        return weights;
    }

    private static string? Problem(string text, HashSet<InteractionType> given)
    {
        if (Parse(text) is not { } parsed) return $"'{text}' is not TYPE=WEIGHT, such as purchase=3; types: {InteractionTypeText.Names}.";
        var range = (RangeAttribute)typeof(InteractionWeights).GetProperty(nameof(InteractionWeights.View))!.GetCustomAttributes(typeof(RangeAttribute), inherit: false)[0];
        if (!range.IsValid(parsed.Weight)) return string.Create(CultureInfo.InvariantCulture, $"'{text}': the weight must be {range.Minimum}..{range.Maximum}.");
        if (!TrainOn.Include((EventLog.InteractionType)(int)parsed.Type, 1)) return $"'{text}': interactions of this type do not train.";
        return given.Add(parsed.Type) ? null : $"'{text}': the type is given twice.";
    }

    /// <summary>The type by its name in files, or by that of the daemon's option.</summary>
    private static (InteractionType Type, double Weight)? Parse(string text)
    {
        var separator = text.IndexOf('=', StringComparison.Ordinal);
        if (separator < 1 || !double.TryParse(text.AsSpan(separator + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)) return null;
        var name = text.AsSpan(0, separator).Trim();
        if (InteractionTypeText.TryParse(name, out var type)) return (type, weight);
        return name.Equals(nameof(InteractionWeights.AddToCart), StringComparison.OrdinalIgnoreCase) ? (InteractionType.AddToCart, weight) : null;
    }
}

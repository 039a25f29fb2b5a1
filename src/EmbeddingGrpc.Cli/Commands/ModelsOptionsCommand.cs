using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Lists the options that models can have.</summary>
internal sealed class ModelsOptionsCommand : DaemonCommand
{
    private readonly Option<bool> _json = JsonOption.Create();

    public ModelsOptionsCommand(CommandConsole console)
        : base(console, "options", "Lists the options that a model can have: type, default, bounds, and when a change takes effect.", "embedctl models options") =>
        Add(_json);

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var options = (await client.Models.ListModelOptionsAsync(new ListModelOptionsRequest(), cancellationToken: cancellationToken)).Options;
        if (arguments.GetValue(_json))
        {
            foreach (var option in options)
                Terminal.WriteJson(new { option.Name, option.Type, option.DefaultValue, option.Minimum, option.Maximum, option.AllowedValues, Effect = EffectOf(option) });
            return ExitCode.Success;
        }
        Terminal.WriteRows(
            ["option", "type", "default", "allowed", "in force"],
            options.Select(option => (IReadOnlyList<string>)[option.Name, option.Type, option.DefaultValue, AllowedOf(option), EffectOf(option)]));
        return ExitCode.Success;
    }

    private static string AllowedOf(ModelOption option) => option switch
    {
        { AllowedValues.Count: > 0 } => string.Join(", ", option.AllowedValues),
        { Minimum.Length: > 0 } or { Maximum.Length: > 0 } => $"{option.Minimum}..{option.Maximum}",
        _ => "",
    };

    private static string EffectOf(ModelOption option) => option.Effect switch
    {
        ModelOptionEffect.AtOnce => "at once",
        ModelOptionEffect.NextTraining => "next training",
        ModelOptionEffect.Restart => "restart",
        _ => "",
    };
}

using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Changes a model's options.</summary>
internal sealed class ModelsUpdateCommand : DaemonCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "The model." };
    private readonly Option<string?> _preset = PresetOption.Create();
    private readonly Option<string[]> _set = OptionSettings.Create();

    private readonly Option<string[]> _reset = new("--reset")
    {
        Description = "Gives an option the daemon's default again. May be given several times.",
        HelpName = "NAME",
    };

    private readonly Option<bool> _json = JsonOption.Create();

    public ModelsUpdateCommand(CommandConsole console)
        : base(
            console,
            "update",
            "Changes a model's options, and says which of them are not in force before a training or a restart.",
            "embedctl models update default --set Training.Epochs=30",
            "embedctl models update default --reset Training.Epochs")
    {
        Add(_name);
        Add(_preset);
        Add(_set);
        Add(_reset);
        Add(_json);
        Validators.Add(result =>
        {
            if (result.GetResult(_set) is null && result.GetResult(_reset) is null && result.GetResult(_preset) is null)
                result.AddError("Give the model's NAME and --set OPTION=VALUE, --reset OPTION or --preset PRESET.");
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var request = new UpdateModelRequest
        {
            Model = arguments.GetRequiredValue(_name),
            Options = { PresetOption.AddTo(OptionSettings.Parse(arguments.GetValue(_set)), arguments.GetValue(_preset)) },
            ResetOptions = { arguments.GetValue(_reset) ?? [] },
        };
        var model = (await client.Models.UpdateModelAsync(request, cancellationToken: cancellationToken)).Model;
        if (arguments.GetValue(_json))
        {
            Terminal.WriteJson(ModelDocument.Of(model));
            return ExitCode.Success;
        }
        Terminal.Output.WriteLine($"model {model.Name} updated");
        ModelText.WritePending(Terminal, model);
        return ExitCode.Success;
    }
}

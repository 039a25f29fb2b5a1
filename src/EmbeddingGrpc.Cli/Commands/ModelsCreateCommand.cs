using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Creates a model.</summary>
internal sealed class ModelsCreateCommand : DaemonCommand
{
    private readonly Argument<string> _name = new("NAME") { Description = "1..63 lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit." };

    private readonly Option<string?> _eventsFrom = new("--events-from")
    {
        Description = "A model whose events feed this one too; without it the new model has a log of its own.",
        HelpName = "NAME",
    };

    private readonly Option<string?> _preset = PresetOption.Create();
    private readonly Option<string[]> _set = OptionSettings.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public ModelsCreateCommand(CommandConsole console)
        : base(
            console,
            "create",
            "Creates a model. It serves nothing until it is trained, or vectors are imported.",
            "embedctl models create films --set Training.Dimension=64 --set Training.Epochs=10",
            "embedctl models create words --preset word2vec --set Training.MinimumCount=1",
            "embedctl models create wide-window --events-from default --set Training.Window=20")
    {
        Add(_name);
        Add(_eventsFrom);
        Add(_preset);
        Add(_set);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        using var client = Connect(arguments);
        var request = new CreateModelRequest
        {
            Model = arguments.GetRequiredValue(_name),
            EventsFrom = arguments.GetValue(_eventsFrom) ?? "",
            Options = { PresetOption.AddTo(OptionSettings.Parse(arguments.GetValue(_set)), arguments.GetValue(_preset)) },
        };
        var model = (await client.Models.CreateModelAsync(request, cancellationToken: cancellationToken)).Model;
        if (arguments.GetValue(_json)) Terminal.WriteJson(ModelDocument.Of(model));
        else Terminal.Output.WriteLine($"model {model.Name} created");
        return ExitCode.Success;
    }
}

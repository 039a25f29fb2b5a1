using System.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>A command that talks to a running daemon about one of its models.</summary>
internal abstract class ModelCommand : DaemonCommand
{
    private readonly Option<string> _model = new("--model") { Description = "The model.", HelpName = "NAME", DefaultValueFactory = _ => "default" };

    /// <inheritdoc cref="EmbedCtlCommand(CommandConsole, string, string, IReadOnlyList{string})"/>
    protected ModelCommand(CommandConsole console, string name, string description, params IReadOnlyList<string> examples)
        : base(console, name, description, examples) => Add(_model);

    /// <summary>The model that the command line names.</summary>
    protected string Model(ParseResult arguments) => arguments.GetRequiredValue(_model);

    /// <inheritdoc/>
    protected override EmbeddingClientOptions ClientOptions(ParseResult arguments) => base.ClientOptions(arguments) with { Model = Model(arguments) };
}

using System.CommandLine;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Commands under one name, such as <c>models list</c>. Does nothing itself.</summary>
internal abstract class CommandGroup : Command
{
    /// <param name="name">As typed.</param>
    /// <param name="description">For <c>--help</c>.</param>
    /// <param name="commands">In the order of <c>--help</c>.</param>
    protected CommandGroup(string name, string description, params IReadOnlyList<Command> commands)
        : base(name, description)
    {
        foreach (var command in commands) Add(command);
        ExampleHelp.AddTo(this, [.. commands.Select(command => $"embedctl {name} {command.Name} --help")]);
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Help that ends with examples: the generated sections first, then command lines that can be copied.</summary>
internal sealed class ExampleHelp(HelpAction generated, IReadOnlyList<string> examples) : SynchronousCommandLineAction
{
    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Command lines that can be copied.</summary>
    public IReadOnlyList<string> Examples => examples;

    /// <summary>Gives a command its own <c>--help</c> with examples.</summary>
    public static void AddTo(Command command, params IReadOnlyList<string> examples)
    {
        if (command is RootCommand root)
        {
            var help = root.Options.OfType<HelpOption>().Single();
            help.Action = new ExampleHelp((HelpAction)help.Action!, examples);
            return;
        }
        var option = new HelpOption();
        option.Action = new ExampleHelp((HelpAction)option.Action!, examples);
        command.Options.Add(option);
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        var exitCode = generated.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
        foreach (var example in examples) output.WriteLine($"  {example}");
        output.WriteLine();
        return exitCode;
    }
}

using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.Vectors;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Writes the serving generation's vectors as a word2vec file.</summary>
internal sealed class ExportCommand : ModelCommand
{
    private readonly Argument<string> _file = new("FILE") { Description = "The file to write; - for standard output." };

    private readonly Option<string> _table = new("--table")
    {
        Description = "input: W1. output: W2. similarity: what item queries search.",
        HelpName = "input|output|similarity",
        DefaultValueFactory = _ => "input",
    };

    private readonly Option<string> _format = VectorFormatOption.Create();

    private readonly Option<string?> _spaces = new("--space-replacement")
    {
        Description = "Written for each space in an item's id, where word2vec files end an id. Without it such an id is refused.",
        HelpName = "TEXT",
    };

    private readonly Option<bool> _json = JsonOption.Create();

    public ExportCommand(CommandConsole console)
        : base(
            console,
            "export",
            "Writes the serving generation's vectors as a word2vec file, for gensim, Spark or whatever reads such files.",
            "embedctl export vectors.txt",
            "embedctl export --table output --format binary contexts.bin",
            "embedctl export - | head -1     # COUNT DIMENSION")
    {
        _table.AcceptOnlyWords("input", "output", "similarity");
        Add(_file);
        foreach (var option in new Option[] { _table, _format, _spaces, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var path = arguments.GetRequiredValue(_file);
        using var client = Connect(arguments);
        var table = arguments.GetRequiredValue(_table) switch
        {
            "output" => EmbeddingTable.Output,
            "similarity" => EmbeddingTable.Similarity,
            _ => EmbeddingTable.Input,
        };
        var format = VectorFormatOption.Parse(arguments.GetRequiredValue(_format));
        var bytes = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("export");
            var progress = new InlineProgress<long>(sent => step.Report(null, $"{sent:N0} bytes"));
            var written = await VectorDownload.ToAsync(path, target => client.ExportVectorsAsync(
                target, table, format, arguments.GetValue(_spaces), progress: progress, cancellationToken: cancellationToken));
            step.Done($"{written:N0} bytes");
            return written;
        });
        // Standard output holds the vectors themselves.
        if (path == VectorDownload.StandardOutput) return ExitCode.Success;
        if (arguments.GetValue(_json)) Terminal.WriteJson(new { File = path, Bytes = bytes });
        else await Terminal.Output.WriteLineAsync($"{path}: {bytes:N0} bytes".AsMemory(), cancellationToken);
        return ExitCode.Success;
    }
}

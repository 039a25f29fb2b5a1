using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Models;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Cli.Vectors;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Makes vectors that were trained elsewhere a generation.</summary>
internal sealed class ImportCommand : ModelCommand
{
    private readonly Argument<string> _vectors = new("VECTORS") { Description = "word2vec file of W1: the items' vectors." };

    private readonly Option<string?> _contexts = new("--contexts")
    {
        Description = "word2vec file of W2, with the same items in any order. Without it, what comes next is what is near.",
        HelpName = "FILE",
    };

    private readonly Option<string> _format = VectorFormatOption.Create();
    private readonly Option<bool> _json = JsonOption.Create();

    public ImportCommand(CommandConsole console)
        : base(
            console,
            "import",
            "Makes vectors that were trained elsewhere (gensim, Spark) a generation, which serves. Nothing changes unless all of them are in order.",
            "embedctl import vectors.txt",
            "embedctl import --format binary --contexts contexts.bin vectors.bin")
    {
        Add(_vectors);
        foreach (var option in new Option[] { _contexts, _format, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var vectors = Existing(arguments.GetRequiredValue(_vectors));
        var contexts = arguments.GetValue(_contexts) is { } path ? Existing(path) : null;
        var total = Math.Max(1, vectors.Length + (contexts?.Length ?? 0));
        var format = VectorFormatOption.Parse(arguments.GetRequiredValue(_format));
        using var client = Connect(arguments);
        await using var input = Open(vectors);
        await using var output = contexts is null ? null : Open(contexts);
        var generation = await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin("import");
            var progress = new InlineProgress<long>(sent => step.Report((double)sent / total, $"{sent:N0} bytes"));
            var made = await client.ImportVectorsAsync(input, output, format, progress: progress, cancellationToken: cancellationToken);
            step.Done($"{made.ItemCount:N0} items");
            return made;
        });
        if (arguments.GetValue(_json)) Terminal.WriteJson(GenerationDocument.Of(generation));
        else await Terminal.Output.WriteLineAsync($"{ModelText.Describe(generation)} serves".AsMemory(), cancellationToken);
        return ExitCode.Success;
    }

    private static FileStream Open(FileInfo file) =>
        new(file.FullName, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan | FileOptions.Asynchronous);

    private static FileInfo Existing(string path) => File.Exists(path) ? new FileInfo(path) : throw new CommandFailedException($"file not found: {path}");
}

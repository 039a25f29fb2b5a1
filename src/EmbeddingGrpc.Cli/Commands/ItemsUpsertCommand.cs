using System.CommandLine;
using System.Diagnostics;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Ingestion;
using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Puts a file of items into the catalogue.</summary>
internal sealed class ItemsUpsertCommand : ModelCommand
{
    private const string CsvFormat = "csv";
    private const string JsonFormat = "jsonl";

    private readonly Argument<string> _file = new("FILE") { Description = "The file; - for standard input." };

    private readonly Option<string?> _format = new("--format")
    {
        Description = "csv: a header, then an item a row. jsonl: an item a line, such as {\"item_id\": \"a\", \"attributes\": {\"genres\": [\"Crime\"], \"price\": 9.5}}. "
            + "Default: by the file's extension.",
        HelpName = "csv|jsonl",
    };

    private readonly Option<string?> _columns = new("--columns")
    {
        Description = $"csv: which column becomes what: item is the id, the others are attributes of the types {ItemColumns.Kinds}. "
            + "An empty field is an attribute that the item does not have. Default: the first column is the id, every other a text.",
        HelpName = "item=COLUMN,ATTRIBUTE=COLUMN:TYPE,...",
    };

    private readonly Option<string> _separator = new("--separator")
    {
        Description = "csv: stands between the texts of a set.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "|",
    };

    private readonly Option<bool> _strict = new("--strict") { Description = "Exit with 1 if any line was refused, although the others were taken." };
    private readonly Option<bool> _json = JsonOption.Create();

    public ItemsUpsertCommand(CommandConsole console)
        : base(
            console,
            "upsert",
            "Puts a file of items into the catalogue; returns when all of it is on the daemon's disk and in force.\n\n"
            + "An item's attributes replace all that it had; an item that was deleted is there again. The type of an attribute is that of its first use. A bad line "
            + "is reported with its number and skipped; the others are taken. Running it again is harmless.",
            "embedctl items upsert --columns item=movieId,title,genres:set movies.csv",
            "embedctl items upsert --columns item=sku,price=list_price:number,in_stock=stock:boolean,released:time products.csv",
            "embedctl items upsert items.jsonl",
            "embedctl items list --json --model old | embedctl items upsert --format jsonl --model new -")
    {
        _format.AcceptOnlyWords(CsvFormat, JsonFormat);
        _separator.Validators.Add(result =>
        {
            if (string.IsNullOrEmpty(result.GetValueOrDefault<string>())) result.AddError("--separator is empty; a set needs something between its texts.");
        });
        Add(_file);
        foreach (var option in new Option[] { _format, _columns, _separator, _strict, _json }) Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var path = arguments.GetRequiredValue(_file);
        var format = arguments.GetValue(_format) ?? FormatOf(path);
        if (format == JsonFormat && arguments.GetValue(_columns) is not null) throw CommandFailedException.Usage("--columns is for csv; JSON lines name their attributes themselves.");
        if (ItemColumns.Parse(arguments.GetValue(_columns), arguments.GetRequiredValue(_separator), out var problem) is not { } columns)
        {
            throw CommandFailedException.Usage($"--columns: {problem}.");
        }

        using var client = Connect(arguments);
        // Before the file is touched: a daemon that is down, or a model that does not exist, is the commonest mistake.
        await client.GetModelAsync(cancellationToken: cancellationToken);
        using var file = SourceFile.Open(path, TimeProvider.System);
        var items = format == JsonFormat ? JsonItems.Read(new LineReader(file.OpenText(), file.Name)) : CsvItems.Read(file.OpenText(), file.Name, columns);
        var refusals = new RefusalLog(file.Name);
        var upload = new ItemUpload(client, refusals);
        var began = Stopwatch.GetTimestamp();
        await ProgressDisplay.RunAsync(Terminal, async display =>
        {
            var step = display.Begin($"upsert {Path.GetFileName(file.Name)}");
            await upload.RunAsync(items, read => step.Report(file.LengthBytes is > 0 and var length ? (double)file.PositionBytes / length : null, $"{read:N0} items"), cancellationToken);
            step.Done($"{upload.Upserted:N0} items");
            return upload.Upserted;
        });
        foreach (var message in refusals.Messages()) Terminal.WriteWarning(message);
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (arguments.GetValue(_json)) Terminal.WriteJson(new { upload.Upserted, Refused = refusals.Count, Seconds = seconds });
        else await Terminal.Output.WriteLineAsync($"{upload.Upserted:N0} items upserted in {seconds:0.00} s".AsMemory(), cancellationToken);
        if (refusals.Count > 0 && upload.Upserted == 0) throw new CommandFailedException($"nothing in {file.Name} was taken; is it {format}?");
        return refusals.Count > 0 && arguments.GetValue(_strict) ? ExitCode.Failed : ExitCode.Success;
    }

    private static string FormatOf(string path) => Path.GetExtension(path).ToUpperInvariant() switch
    {
        ".CSV" => CsvFormat,
        ".JSONL" or ".NDJSON" or ".JSON" => JsonFormat,
        _ => throw CommandFailedException.Usage($"what {path} holds cannot be told from its name; pass --format csv or --format jsonl."),
    };
}

using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Deletes items.</summary>
internal sealed class ItemsDeleteCommand : ModelCommand
{
    private const int ItemsOfCall = 1000;

    private readonly Argument<string[]> _ids = new("ID") { Description = "The items.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _file = new("--file") { Description = "A file with an item's id a line; - for standard input.", HelpName = "FILE" };
    private readonly Option<bool> _json = JsonOption.Create();

    public ItemsDeleteCommand(CommandConsole console)
        : base(
            console,
            "delete",
            "Deletes items: no recall answers them any more, whatever users do with them, until they are upserted again. Unknown ones are deleted too, and told.",
            "embedctl items delete 6 50",
            "embedctl items delete --file sold-out.txt")
    {
        Add(_ids);
        Add(_file);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var ids = arguments.GetValue(_ids) ?? [];
        var path = arguments.GetValue(_file);
        if (ids.Length == 0 == path is null) throw CommandFailedException.Usage("name the items, or a file of them with --file.");
        using var client = Connect(arguments);
        var (deleted, unknown) = (0L, new List<string>());
        foreach (var chunk in (path is null ? ids : Lines(path)).Distinct(StringComparer.Ordinal).Chunk(ItemsOfCall))
        {
            unknown.AddRange((await client.DeleteItemsAsync(chunk, cancellationToken)).UnknownItemIds);
            deleted += chunk.Length;
        }

        if (arguments.GetValue(_json)) Terminal.WriteJson(new { Deleted = deleted, UnknownItemIds = unknown });
        else await Terminal.Output.WriteLineAsync($"{deleted:N0} items deleted".AsMemory(), cancellationToken);
        if (unknown.Count > 0) Terminal.WriteWarning($"nothing was known of {string.Join(", ", unknown.Take(20))}{(unknown.Count > 20 ? $" and {unknown.Count - 20:N0} more" : "")}");
        return ExitCode.Success;
    }

    private static IEnumerable<string> Lines(string path)
    {
        using var file = SourceFile.Open(path, TimeProvider.System);
        using var lines = new LineReader(file.OpenText(), file.Name);
        while (lines.TryRead(out var line))
        {
            if (!line.Trim().IsEmpty) yield return line.Trim().ToString();
        }
    }
}

using System.CommandLine;
using EmbeddingGrpc.Cli.CommandLine;
using EmbeddingGrpc.Cli.Items;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Commands;

/// <summary>Deletes items.</summary>
internal sealed class ItemsDeleteCommand : ModelCommand
{
    private const int ItemsOfCall = 1000;

    private readonly Argument<string[]> _ids = new("ID") { Description = "The items.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string?> _file = new("--file") { Description = "A file with an item's id a line; - for standard input.", HelpName = "FILE" };
    private readonly Option<bool> _purge = new("--purge")
    {
        Description = "Take their attributes out of the daemon's files, too, and print a receipt that names each store: takes as long as the daemon needs to rewrite the files that hold them.",
    };

    private readonly Option<bool> _json = JsonOption.Create();

    public ItemsDeleteCommand(CommandConsole console)
        : base(
            console,
            "delete",
            "Deletes items: no recall answers them any more, whatever users do with them, until they are upserted again. Unknown ones are deleted too, and told.",
            "embedctl items delete 6 50",
            "embedctl items delete --file sold-out.txt",
            "embedctl items delete --purge 6")
    {
        Add(_ids);
        Add(_file);
        Add(_purge);
        Add(_json);
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult arguments, CancellationToken cancellationToken)
    {
        var ids = arguments.GetValue(_ids) ?? [];
        var path = arguments.GetValue(_file);
        if (ids.Length == 0 == path is null) throw CommandFailedException.Usage("name the items, or a file of them with --file.");
        using var client = Connect(arguments);
        var purge = arguments.GetValue(_purge);
        var (deleted, unknown) = (0L, new List<string>());
        IReadOnlyList<ErasedStore> stores = [];
        foreach (var chunk in (path is null ? ids : Lines(path)).Distinct(StringComparer.Ordinal).Chunk(ItemsOfCall))
        {
            var response = await (purge ? client.PurgeItemsAsync(chunk, cancellationToken) : client.DeleteItemsAsync(chunk, cancellationToken));
            unknown.AddRange(response.UnknownItemIds);
            stores = response.Stores;
            deleted += chunk.Length;
        }

        if (!arguments.GetValue(_json))
        {
            await Terminal.Output.WriteLineAsync($"{deleted:N0} items deleted".AsMemory(), cancellationToken);
            if (purge) ErasureReceipt.Write(Terminal, stores);
        }
        else if (purge) Terminal.WriteJson(new { Deleted = deleted, UnknownItemIds = unknown, Stores = ErasureReceipt.Document(stores) });
        else Terminal.WriteJson(new { Deleted = deleted, UnknownItemIds = unknown });

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

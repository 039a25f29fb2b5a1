using EmbeddingGrpc.Cli.Sources;
using Sylvan.Data.Csv;

namespace EmbeddingGrpc.Cli.Recall;

/// <summary>What items are called, for people: from the first two columns of a CSV file such as MovieLens' <c>movies.csv</c>.</summary>
internal sealed class ItemTitles
{
    private readonly Dictionary<string, string> _titles;

    private ItemTitles(Dictionary<string, string> titles) => _titles = titles;

    /// <summary>No item has a title.</summary>
    public static ItemTitles None { get; } = new([]);

    /// <summary>Whether there are any.</summary>
    public bool Any => _titles.Count > 0;

    /// <summary>The title of an item; null where it has none.</summary>
    public string? this[string itemId] => _titles.GetValueOrDefault(itemId);

    /// <summary>Reads a file with a header, the item's id first and its title second.</summary>
    /// <exception cref="SourceFormatException">It is not such a file.</exception>
    public static ItemTitles Read(string path)
    {
        try
        {
            using var rows = CsvDataReader.Create(path);
            if (rows.FieldCount < 2) throw new SourceFormatException(path, 1, "needs two columns: the item's id and its title");
            var titles = new Dictionary<string, string>();
            while (rows.Read()) titles[rows.GetString(0)] = rows.GetString(1);
            return new ItemTitles(titles);
        }
        catch (CsvFormatException e)
        {
            throw new SourceFormatException(path, 0, $"not CSV: {e.Message}");
        }
    }
}

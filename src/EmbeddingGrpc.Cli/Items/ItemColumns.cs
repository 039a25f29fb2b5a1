namespace EmbeddingGrpc.Cli.Items;

/// <summary>How the columns of a CSV file make an item, as <c>--columns</c> says it. Immutable.</summary>
/// <param name="ItemColumn">The column of the item's id; null for the first.</param>
/// <param name="Attributes">What becomes an attribute; null for every other column, as text.</param>
/// <param name="Separator">Between the texts of a set.</param>
internal sealed record ItemColumns(string? ItemColumn, IReadOnlyList<ItemColumn>? Attributes, string Separator)
{
    /// <summary>For <c>--help</c> and errors.</summary>
    public const string Kinds = "text, set, number, boolean, time";

    private const string ItemRole = "item";

    /// <summary>Reads <c>item=COLUMN,ATTRIBUTE=COLUMN:TYPE,...</c>.</summary>
    /// <param name="text">As typed; null for none.</param>
    /// <param name="separator">Between the texts of a set.</param>
    /// <param name="problem">What is wrong with it.</param>
    public static ItemColumns? Parse(string? text, string separator, out string problem)
    {
        problem = string.Empty;
        if (text is null) return new ItemColumns(null, null, separator);
        string? item = null;
        var attributes = new List<ItemColumn>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (name, column) = equals < 0 ? ("", part) : (part[..equals], part[(equals + 1)..]);
            if (name == ItemRole)
            {
                item = column;
                continue;
            }

            var colon = column.LastIndexOf(':');
            var kind = AttributeKind.Text;
            if (colon >= 0 && !Enum.TryParse(column[(colon + 1)..], ignoreCase: true, out kind))
            {
                problem = $"'{column[(colon + 1)..]}' is not a type; use one of {Kinds}";
                return null;
            }

            if (colon >= 0) column = column[..colon];
            if (equals < 0) name = column;
            if (name.Length == 0 || column.Length == 0)
            {
                problem = $"'{part}' names no column; expected item=COLUMN, ATTRIBUTE=COLUMN:TYPE or COLUMN:TYPE";
                return null;
            }

            attributes.Add(new ItemColumn(name, column, kind));
        }

        return new ItemColumns(item, attributes.Count > 0 ? attributes : null, separator);
    }
}

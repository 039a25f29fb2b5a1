using Spectre.Console;

namespace EmbeddingGrpc.Cli.Terminal;

/// <summary>Rows of results: a table for people on a terminal, tab-separated lines with a header elsewhere, for <c>cut</c> and <c>awk</c>.</summary>
internal static class RowOutput
{
    /// <summary>Writes rows to standard output.</summary>
    /// <param name="console">Where to.</param>
    /// <param name="columns">Their names; one that begins with <c>&gt;</c> is aligned to the right.</param>
    /// <param name="rows">As many texts each as there are columns.</param>
    public static void WriteRows(this CommandConsole console, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (!console.OutputIsTerminal)
        {
            console.Output.WriteLine(string.Join('\t', columns.Select(column => column.TrimStart('>'))));
            foreach (var row in rows) console.Output.WriteLine(string.Join('\t', row));
            return;
        }
        var table = new Table().Border(TableBorder.Rounded).BorderColor(Color.Grey);
        foreach (var column in columns)
        {
            var header = new TableColumn(Markup.Escape(column.TrimStart('>')));
            table.AddColumn(column.StartsWith('>') ? header.RightAligned() : header);
        }
        foreach (var row in rows) table.AddRow([.. row.Select(Markup.Escape)]);
        console.Results.Write(table);
    }
}

using System.Globalization;
using System.Text;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Sylvan.Data.Csv;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>One item a row, its attributes in typed columns; an empty field is an attribute that the item does not have. Stateless.</summary>
internal static class CsvItems
{
    /// <summary>Reads a file with a header.</summary>
    /// <exception cref="SourceFormatException">It is not CSV, or lacks a column.</exception>
    public static IEnumerable<ReadItem> Read(TextReader text, string name, ItemColumns columns)
    {
        using var rows = Open(text, name);
        var item = columns.ItemColumn is null ? 0 : Column(rows, name, columns.ItemColumn);
        var attributes = columns.Attributes ?? [.. Enumerable.Range(1, rows.FieldCount - 1).Select(rows.GetName).Select(column => new ItemColumn(column, column, AttributeKind.Text))];
        var places = attributes.Select(attribute => Column(rows, name, attribute.Column)).ToArray();
        // Rows, since Sylvan counts no lines: they differ where a quoted field has line ends.
        for (var line = 2L; NextRow(rows, name, line); line++) yield return ReadRow(rows, line, item, attributes, places, columns.Separator);
    }

    private static ReadItem ReadRow(CsvDataReader rows, long line, int itemPlace, IReadOnlyList<ItemColumn> attributes, int[] places, string separator)
    {
        if (rows.RowFieldCount < rows.FieldCount) return ReadItem.Refused(line, $"has {rows.RowFieldCount} columns; the header promises {rows.FieldCount}");
        var item = new Item { ItemId = rows.GetString(itemPlace) };
        for (var at = 0; at < places.Length; at++)
        {
            var field = rows.GetString(places[at]);
            if (field.Length == 0) continue;
            if (Parse(field, attributes[at].Kind, separator, out var expected) is not { } value)
                return ReadItem.Refused(line, $"{attributes[at].Column} '{field}' is not {expected}");
            item.Attributes[attributes[at].Attribute] = value;
        }

        return ReadItem.Of(line, item);
    }

    private static AttributeValue? Parse(string field, AttributeKind kind, string separator, out string expected)
    {
        switch (kind)
        {
            case AttributeKind.Set:
                expected = "a set";
                return AttributeValues.Of(field.Split(separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            case AttributeKind.Number:
                expected = "a number";
                return double.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? AttributeValues.Of(number) : null;
            case AttributeKind.Boolean:
                expected = "true or false (or 1, 0, yes, no)";
                return field.ToUpperInvariant() switch
                {
                    "TRUE" or "1" or "YES" => AttributeValues.Of(true),
                    "FALSE" or "0" or "NO" => AttributeValues.Of(false),
                    _ => null,
                };
            case AttributeKind.Time:
                expected = "a time (seconds or milliseconds since 1970, or ISO 8601)";
                return EventTimeText.TryParse(field, out var milliseconds) && IsTime(milliseconds) ? AttributeValues.Of(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)) : null;
            default:
                expected = "a text";
                return AttributeValues.Of(field);
        }
    }

    private static bool IsTime(long milliseconds) =>
        milliseconds >= DateTimeOffset.MinValue.ToUnixTimeMilliseconds() && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private static CsvDataReader Open(TextReader text, string name)
    {
        try
        {
            return CsvDataReader.Create(text, new CsvDataReaderOptions { HasHeaders = true, HeaderComparer = StringComparer.OrdinalIgnoreCase, OwnsReader = true });
        }
        catch (Exception e) when (Translate(e, name, 0) is { } translated)
        {
            throw translated;
        }
    }

    private static bool NextRow(CsvDataReader rows, string name, long line)
    {
        try
        {
            return rows.Read();
        }
        catch (Exception e) when (Translate(e, name, line) is { } translated)
        {
            throw translated;
        }
    }

    private static int Column(CsvDataReader rows, string name, string column)
    {
        for (var place = 0; place < rows.FieldCount; place++)
        {
            if (string.Equals(rows.GetName(place), column, StringComparison.OrdinalIgnoreCase)) return place;
        }

        var known = string.Join(", ", Enumerable.Range(0, rows.FieldCount).Select(rows.GetName));
        throw new SourceFormatException(name, 1, $"has no column '{column}'; it has {known}. See --columns");
    }

    private static SourceFormatException? Translate(Exception exception, string name, long line) => exception switch
    {
        DecoderFallbackException e => new SourceFormatException(name, line, $"not UTF-8 here or a little further on ({e.Message.TrimEnd('.')}); convert it with iconv -t UTF-8"),
        CsvMissingHeadersException => new SourceFormatException(name, 0, "is empty; expected a header with the names of the columns"),
        CsvRecordTooLargeException e => new SourceFormatException(name, line, $"a row is too long ({e.Message}); is a quote left open?"),
        CsvFormatException e => new SourceFormatException(name, line, $"not CSV: {e.Message}"),
        _ => null,
    };
}

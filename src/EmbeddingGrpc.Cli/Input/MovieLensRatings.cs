using System.Globalization;
using EmbeddingGrpc.Client;
using EmbeddingGrpc.Protocol.V1;
using Sylvan.Data.Csv;

namespace EmbeddingGrpc.Cli.Input;

/// <summary>MovieLens <c>ratings.csv</c>. A rating of at least the minimum is a like, numbered by its line; the others are left out.</summary>
internal static class MovieLensRatings
{
    private static readonly string[] Columns = ["userId", "movieId", "rating", "timestamp"];

    public static IEnumerable<InputInteraction> Read(TextReader reader, string file, double minimumRating)
    {
        using var csv = Open(reader, file);
        var ordinals = Columns.Select(column => Array.FindIndex(Header(csv), name => name.Equals(column, StringComparison.OrdinalIgnoreCase))).ToArray();
        var missing = Columns.Where((_, i) => ordinals[i] < 0).ToArray();
        if (missing.Length > 0)
        {
            throw new InputFormatException(
                file, 1, $"the header has no column {string.Join(", ", missing)}; a MovieLens ratings.csv begins with {string.Join(",", Columns)}.");
        }

        while (Next(csv, file))
        {
            // The header is line 1.
            var line = csv.RowNumber + 1L;
            if (csv.RowFieldCount != csv.FieldCount)
            {
                throw new InputFormatException(file, line, $"{csv.RowFieldCount} fields where the header has {csv.FieldCount}.");
            }

            if (Number(csv, ordinals[2], "rating", file, line) < minimumRating) continue;
            var seconds = Number(csv, ordinals[3], "timestamp", file, line);
            yield return new InputInteraction(
                new UserInteraction(Id(csv, ordinals[0], "userId", file, line), Id(csv, ordinals[1], "movieId", file, line), checked((long)(seconds * 1000)))
                {
                    Type = InteractionType.Like,
                    Number = (ulong)line,
                },
                line);
        }
    }

    private static CsvDataReader Open(TextReader reader, string file)
    {
        try
        {
            return CsvDataReader.Create(reader, new CsvDataReaderOptions { HasHeaders = true, Delimiter = ',', BufferSize = 1 << 16 });
        }
        catch (Exception e) when (e is CsvFormatException or CsvMissingHeadersException)
        {
            throw new InputFormatException(file, 1, $"not a CSV file with a header: {e.Message}");
        }
    }

    private static string[] Header(CsvDataReader csv) => [.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetName)];

    private static bool Next(CsvDataReader csv, string file)
    {
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException e)
        {
            throw new InputFormatException(file, e.RowNumber + 1L, e.Message);
        }
    }

    private static string Id(CsvDataReader csv, int ordinal, string column, string file, long line) =>
        csv.GetString(ordinal) is { Length: > 0 } id ? id : throw new InputFormatException(file, line, $"{column} is empty.");

    private static double Number(CsvDataReader csv, int ordinal, string column, string file, long line) =>
        double.TryParse(csv.GetFieldSpan(ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && Math.Abs(value) < 1e15
            ? value
            : throw new InputFormatException(file, line, $"{column} '{csv.GetString(ordinal)}' is not a number.");
}

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>Finds what somebody meant who misspelled it.</summary>
internal static class Spelling
{
    /// <summary>Closer words than this are suggested.</summary>
    private const int DistanceOfTypo = 3;

    /// <summary>A sentence with the nearest word, beginning with a space; empty where none is near.</summary>
    public static string Suggest(string misspelled, IEnumerable<string> words)
    {
        var nearest = words.Where(word => word != misspelled).MinBy(word => Distance(word, misspelled));
        return nearest is not null && Distance(nearest, misspelled) < DistanceOfTypo ? $" Did you mean {nearest}?" : "";
    }

    /// <summary>How many letters must be inserted, deleted or replaced (Levenshtein).</summary>
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j - 1], above) + 1, diagonal + (left[i - 1] == right[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[^1];
    }
}

using System.Globalization;

namespace EmbeddingGrpc.Benchmarks;

/// <summary>Whole numbers from <c>--name value</c> pairs.</summary>
internal static class NamedNumbers
{
    /// <summary>Reads them.</summary>
    /// <param name="args">The pairs; of a name that comes twice the last one counts.</param>
    /// <param name="usual">All names there are, with what they are where they are not given.</param>
    /// <exception cref="ArgumentException">Another name, or one without a number.</exception>
    public static Dictionary<string, int> Parse(IEnumerable<string> args, params (string Name, int Value)[] usual)
    {
        var numbers = usual.ToDictionary(number => number.Name, number => number.Value, StringComparer.Ordinal);
        foreach (var pair in args.Chunk(2))
        {
            if (!numbers.ContainsKey(pair[0])) throw new ArgumentException($"{pair[0]} is none of {string.Join(", ", usual.Select(number => number.Name))}.");
            if (pair is not [_, var text] || !int.TryParse(text, CultureInfo.InvariantCulture, out var value)) throw new ArgumentException($"{pair[0]} needs a whole number.");
            numbers[pair[0]] = value;
        }

        return numbers;
    }
}

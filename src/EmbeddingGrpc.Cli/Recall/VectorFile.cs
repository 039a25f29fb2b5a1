using System.Globalization;
using EmbeddingGrpc.Cli.CommandLine;

namespace EmbeddingGrpc.Cli.Recall;

/// <summary>Reads one vector from text: numbers separated by white space or commas, brackets around them allowed, as in JSON.</summary>
internal static class VectorFile
{
    private static readonly char[] Separators = [' ', '\t', '\r', '\n', ',', '[', ']'];

    /// <summary>Reads a file, or standard input for <c>-</c>.</summary>
    /// <exception cref="CommandFailedException">It is not a vector; says which value is wrong.</exception>
    public static async Task<IReadOnlyList<float>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (path != "-" && !File.Exists(path)) throw new CommandFailedException($"file not found: {path}");
        var text = path == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(path, cancellationToken);
        return Parse(text, path);
    }

    /// <exception cref="CommandFailedException">The text is not a vector; says which value is wrong.</exception>
    public static IReadOnlyList<float> Parse(string text, string name)
    {
        var values = new List<float>();
        foreach (var token in text.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (!float.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                throw new CommandFailedException($"{name}: value {values.Count + 1} is '{token}', not a number; expected one vector, such as 0.1 -0.2 0.3");
            values.Add(value);
        }
        return values.Count > 0 ? values : throw new CommandFailedException($"{name}: is empty; expected one vector, such as 0.1 -0.2 0.3");
    }
}

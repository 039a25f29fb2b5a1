using System.Text.RegularExpressions;

namespace EmbeddingGrpc.Server.Models;

/// <summary>What a model may be called: its name is a directory's on every file system, and a label's in metrics. Stateless.</summary>
public static partial class ModelName
{
    /// <summary>Longest name.</summary>
    public const int MaximumLength = 63;

    /// <summary>Says what is wrong with a name; null where nothing is.</summary>
    public static string? Check(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length == 0) return "is empty; name the model";
        return Pattern().IsMatch(name) ? null : $"must have 1..{MaximumLength} characters, lower-case letters, digits, '-', '_' and '.', and begin with a letter or digit";
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}

using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Input;

/// <summary>Lines of items in time order, with or without a user in front. Interactions are numbered through the file and spaced by one second a line.</summary>
internal static class ItemLines
{
    /// <summary>When every line begins: 2020-01-01. The files have no times, and a fixed one keeps two readings the same.</summary>
    public const long StartTimeMs = 1_577_836_800_000;

    private const int SpacingMs = 1000;

    public static IEnumerable<InputInteraction> Read(TextReader reader, string file, bool usersFirst)
    {
        var line = 0L;
        var number = 0UL;
        while (reader.ReadLine() is { } text)
        {
            line++;
            var fields = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length == 0) continue;
            if (usersFirst && fields.Length == 1)
            {
                throw new InputFormatException(file, line, $"user '{fields[0]}' has no items; a line is \"user item item ...\" (lines of items alone are the format 'sessions').");
            }

            var user = usersFirst ? fields[0] : $"session-{line}";
            for (var i = usersFirst ? 1 : 0; i < fields.Length; i++)
            {
                var time = StartTimeMs + ((i - (usersFirst ? 1L : 0L)) * SpacingMs);
                yield return new InputInteraction(new UserInteraction(user, fields[i], time) { Number = ++number }, line);
            }
        }
    }
}

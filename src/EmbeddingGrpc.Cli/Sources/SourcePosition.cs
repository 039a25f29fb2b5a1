namespace EmbeddingGrpc.Cli.Sources;

/// <summary>
/// A place in a file, and at the same time the producer's number of the interaction there: line and position in one number that rises through the
/// file. So a refusal can be traced to its line without remembering anything, and a file sent again is recognised interaction by interaction.
/// </summary>
/// <param name="Line">From 1.</param>
/// <param name="Index">Which interaction of the line, from 0.</param>
internal readonly record struct SourcePosition(long Line, int Index)
{
    /// <summary>Interactions that a line may have: numbers have 20 bits for them.</summary>
    public const int MaximumPerLine = 1 << IndexBits;

    private const int IndexBits = 20;

    /// <summary>The producer's number of the interaction here.</summary>
    public ulong Number => (ulong)Line << IndexBits | (uint)Index;

    /// <summary>The place of the interaction with a number.</summary>
    public static SourcePosition Of(ulong number) => new((long)(number >> IndexBits), (int)(number & (MaximumPerLine - 1)));
}

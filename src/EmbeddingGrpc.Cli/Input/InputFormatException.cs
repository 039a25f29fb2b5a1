namespace EmbeddingGrpc.Cli.Input;

/// <summary>A line of an input file is not what its format says.</summary>
internal sealed class InputFormatException(string file, long line, string reason) : Exception($"{file}, line {line}: {reason}")
{
    /// <summary>The line, counted from 1.</summary>
    public long Line { get; } = line;
}

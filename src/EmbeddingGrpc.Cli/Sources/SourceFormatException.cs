namespace EmbeddingGrpc.Cli.Sources;

/// <summary>A file cannot be read as the format it is said to have. The message names the file, the line and the fix.</summary>
internal sealed class SourceFormatException : Exception
{
    /// <param name="file">The file.</param>
    /// <param name="line">From 1; 0 where no line is to blame.</param>
    /// <param name="problem">What is wrong, and what would be right.</param>
    public SourceFormatException(string file, long line, string problem)
        : base(line > 0 ? $"{file}:{line}: {problem}" : $"{file}: {problem}")
    {
    }
}

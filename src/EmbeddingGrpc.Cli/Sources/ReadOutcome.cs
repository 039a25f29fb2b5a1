namespace EmbeddingGrpc.Cli.Sources;

/// <summary>What a source came upon.</summary>
internal enum ReadOutcome
{
    /// <summary>The file is over.</summary>
    End,

    /// <summary>An interaction.</summary>
    Interaction,

    /// <summary>A line, or a part of one, that is not an interaction. The next may be.</summary>
    Refused,
}

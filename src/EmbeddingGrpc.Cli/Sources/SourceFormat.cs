namespace EmbeddingGrpc.Cli.Sources;

/// <summary>How a file of behaviour is laid out. The names are those of <c>--format</c>.</summary>
internal enum SourceFormat
{
    /// <summary>MovieLens' ratings.csv.</summary>
    Movielens,

    /// <summary>"user item item ..." a line.</summary>
    Sequences,

    /// <summary>"item item ..." a line: one anonymous session.</summary>
    Sessions,

    /// <summary>CSV with columns of any name.</summary>
    Csv,
}

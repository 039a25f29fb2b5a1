namespace EmbeddingGrpc.Cli.Input;

/// <summary>How a file of behaviour is laid out.</summary>
internal enum InputFormat
{
    /// <summary>MovieLens <c>ratings.csv</c>: <c>userId,movieId,rating,timestamp</c> with a header.</summary>
    MovieLens,

    /// <summary>"user item item ..." a line, in time order.</summary>
    Sequences,

    /// <summary>Items only, one anonymous session a line, in time order.</summary>
    Sessions,
}

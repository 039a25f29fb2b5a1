namespace EmbeddingGrpc.Cli.SearchFile;

/// <summary>What searching cost where the rows are mapped, as JSON.</summary>
/// <param name="SearchedBytesPerVector">What the process grew by until all searches were done: the index, and the rows that they read.</param>
internal sealed record MappedRowsDocument(double SearchedBytesPerVector);

namespace EmbeddingGrpc.Cli.SearchFile;

/// <summary>What building an index cost, as JSON.</summary>
/// <param name="Rows">Vectors indexed.</param>
/// <param name="BuildSeconds">Building alone, without reading the file.</param>
/// <param name="CalibrateSeconds">Measuring afterwards which walk gives which recall; null where that was not done.</param>
/// <param name="BytesPerVector">
/// What the process grew by, from before the rows were read until the index stood: rows and index; where the rows are mapped, without those that
/// the build had read.
/// </param>
/// <param name="IndexBytesPerVector">The index alone, beside the rows.</param>
internal sealed record IndexBuildDocument(int Rows, double BuildSeconds, double? CalibrateSeconds, double BytesPerVector, double IndexBytesPerVector);

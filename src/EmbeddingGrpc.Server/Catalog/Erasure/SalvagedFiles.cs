namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>What <c>log salvage</c> put aside: nobody rewrites it. Stateless.</summary>
internal static class SalvagedFiles
{
    private const string Pattern = "*.damaged";

    public static IReadOnlyList<string> In(string logDirectory) => [.. Directory.EnumerateFiles(logDirectory, Pattern).Order(StringComparer.Ordinal)];
}

using System.Reflection;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>Where the repository is, and what this build made in it.</summary>
internal static class Build
{
    public static string RepositoryRoot { get; } = Metadata("RepositoryRoot");

    /// <summary>The daemon's own output folder, so that what runs is what ships, not a copy among the tests' assemblies.</summary>
    public static string DaemonExecutable { get; } =
        Path.Combine(RepositoryRoot, "src", "EmbeddingGrpc.Server", Metadata("BuildOutput"), "EmbeddingGrpc.Server");

    /// <summary>embedctl in its own output folder.</summary>
    public static string CommandLineExecutable { get; } = Path.Combine(RepositoryRoot, "src", "EmbeddingGrpc.Cli", Metadata("BuildOutput"), "embedctl");

    private static string Metadata(string key) =>
        typeof(Build).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}

using System.Reflection;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>The repository's files as they are on disk.</summary>
internal static class Repository
{
    public static string Root { get; } = typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(a => a.Key == "RepositoryRoot").Value!;

    /// <summary>The projects under <c>src/</c>.</summary>
    public static IReadOnlyList<ProjectFile> SourceProjects { get; } = ProjectsIn("src");

    /// <summary>The projects under <c>tests/</c>.</summary>
    public static IReadOnlyList<ProjectFile> TestProjects { get; } = ProjectsIn("tests");

    /// <summary>Hand-written C# files of a project, without what the build puts there.</summary>
    public static IEnumerable<string> SourceFilesOf(ProjectFile project) =>
        Directory.EnumerateFiles(project.Folder, "*.cs", SearchOption.AllDirectories)
            .Where(path => !IsBuildOutput(Path.GetRelativePath(project.Folder, path)));

    private static List<ProjectFile> ProjectsIn(string folder) =>
        [.. Directory.EnumerateDirectories(Path.Combine(Root, folder))
            .SelectMany(project => Directory.EnumerateFiles(project, "*.csproj"))
            .Order(StringComparer.Ordinal)
            .Select(path => new ProjectFile(path))];

    private static bool IsBuildOutput(string relativePath) =>
        relativePath.Split(Path.DirectorySeparatorChar)[0] is "bin" or "obj";
}

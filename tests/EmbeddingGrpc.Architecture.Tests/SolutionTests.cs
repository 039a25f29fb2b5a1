using System.Text.RegularExpressions;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>A project outside the solution is neither built nor tested by anyone.</summary>
public sealed partial class SolutionTests
{
    [Fact]
    public void Solution_Projects_AreAllThatExist()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "EmbeddingGrpc.sln"));
        var listed = ProjectEntry().Matches(solution).Select(m => m.Groups["name"].Value);
        var existing = Repository.SourceProjects.Concat(Repository.TestProjects).Select(p => p.Name);
        Assert.Equal(existing.Order(), listed.Order());
    }

    [Fact]
    public void Rooms_ExceptTheGeneratedOne_HaveTheirTestProject()
    {
        var rooms = Repository.SourceProjects.Select(p => p.Name).Where(name => name != "EmbeddingGrpc.Protocol");
        Assert.Empty(rooms.Select(name => name + ".Tests").Except(Repository.TestProjects.Select(p => p.Name)));
    }

    [GeneratedRegex("""^Project\(.*\) = "(?<name>[^"]+)", "[^"]+\.csproj",""", RegexOptions.Multiline)]
    private static partial Regex ProjectEntry();
}

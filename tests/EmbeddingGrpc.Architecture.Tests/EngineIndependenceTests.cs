namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>The engine can be used, tested and measured with no daemon around it.</summary>
public sealed class EngineIndependenceTests
{
    private static readonly string[] Outside =
        ["Grpc", "Google", "Microsoft.AspNetCore", "StackExchange", "Garnet", "OpenTelemetry", "Microsoft.Extensions.Hosting", "System.CommandLine", "Spectre"];

    public static TheoryData<string> EngineRooms =>
        ["EmbeddingGrpc.Numerics", "EmbeddingGrpc.EventLog", "EmbeddingGrpc.Training", "EmbeddingGrpc.Indexing"];

    [Theory]
    [MemberData(nameof(EngineRooms))]
    public void BuiltAssembly_References_NothingOfTheWireTheHostOrTheCache(string room) =>
        Assert.DoesNotContain(BuiltAssembly.ReferencesOf(Project(room)), IsOutside);

    [Theory]
    [MemberData(nameof(EngineRooms))]
    public void ProjectFile_References_NothingOfTheWireTheHostOrTheCache(string room)
    {
        Assert.DoesNotContain(Project(room).PackageReferences, IsOutside);
        Assert.Empty(Project(room).FrameworkReferences);
    }

    [Fact]
    public void Client_References_NoServerFramework()
    {
        var client = Project("EmbeddingGrpc.Client");
        Assert.DoesNotContain(BuiltAssembly.ReferencesOf(client), name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));
        Assert.Empty(client.FrameworkReferences);
    }

    [Fact]
    public void Protocol_Sources_AreOnlyGenerated() => Assert.Empty(Repository.SourceFilesOf(Project("EmbeddingGrpc.Protocol")));

    private static bool IsOutside(string name) =>
        Outside.Any(outside => name == outside || name.StartsWith(outside + ".", StringComparison.Ordinal));

    private static ProjectFile Project(string name) => Repository.SourceProjects.Single(p => p.Name == name);
}

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>The embedded RESP server weighs 76 MB: the demo and the tests carry it, the daemon and its container never.</summary>
public sealed class EmbeddedRedisTests
{
    private const string Package = "Microsoft.Garnet";

    [Fact]
    public void SourceProjects_ReferencingGarnet_AreOnlyTheCommandLine() =>
        Assert.Equal(["EmbeddingGrpc.Cli"], Repository.SourceProjects.Where(p => p.PackageReferences.Contains(Package)).Select(p => p.Name));

    [Fact]
    public void ServerAssembly_References_NoGarnet()
    {
        var server = Repository.SourceProjects.Single(p => p.Name == "EmbeddingGrpc.Server");
        Assert.DoesNotContain(BuiltAssembly.ReferencesOf(server), name => name.StartsWith("Garnet", StringComparison.OrdinalIgnoreCase));
    }
}

using NetArchTest.Rules;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>Inside the daemon, each outside library has its room.</summary>
public sealed class RoomDependencyTests
{
    private static readonly System.Reflection.Assembly ServerAssembly = typeof(Server.Hosting.DaemonHost).Assembly;

    [Theory]
    [InlineData("EmbeddingGrpc.Server.Models")]
    [InlineData("EmbeddingGrpc.Server.Pipeline")]
    public void ModelsAndPipeline_Depend_NeitherOnTheWireNorOnTheCache(string room)
    {
        var result = Types.InAssembly(ServerAssembly).That().ResideInNamespaceStartingWith(room)
            .ShouldNot().HaveDependencyOnAny("Grpc.Core", "Grpc.AspNetCore", "EmbeddingGrpc.Protocol", "StackExchange.Redis").GetResult();
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }

    [Fact]
    public void RedisLibrary_IsKnown_OnlyToTheCacheAndItsHost()
    {
        var result = Types.InAssembly(ServerAssembly).That()
            .DoNotResideInNamespaceStartingWith("EmbeddingGrpc.Server.Cache").And()
            .DoNotResideInNamespaceStartingWith("EmbeddingGrpc.Server.Hosting")
            .ShouldNot().HaveDependencyOn("StackExchange.Redis").GetResult();
        Assert.True(result.IsSuccessful, string.Join(", ", result.FailingTypeNames ?? []));
    }
}

using Mono.Cecil;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>
/// An error becomes a gRPC status in one place, with details that name the thing at fault; every other room throws what it means.
/// </summary>
public sealed class RpcExceptionTests
{
    private const string Home = "EmbeddingGrpc.Server.Grpc";

    [Fact]
    public void RpcExceptions_AreMade_OnlyInServerGrpc()
    {
        // Two rooms are left out: in Protocol the generator's base classes throw UNIMPLEMENTED by themselves, and in Client a broken conversation
        // with a daemon is told as every other failed call is.
        var makers =
            from project in Repository.SourceProjects
            where project.Name is not ("EmbeddingGrpc.Protocol" or "EmbeddingGrpc.Client")
            from maker in MakersIn(project)
            where maker.Namespace != Home
            select maker.Method;
        Assert.Empty(makers);
    }

    [Fact]
    public void RpcErrors_Make_RpcExceptions() =>
        // Keeps the test above honest: what it looks for is there to be found.
        Assert.Contains(MakersIn(Repository.SourceProjects.Single(p => p.Name == "EmbeddingGrpc.Server")), m => m.Namespace == Home);

    private static List<(string Namespace, string Method)> MakersIn(ProjectFile project)
    {
        using var assembly = BuiltAssembly.Of(project);
        return
        [
            .. from type in BuiltAssembly.TypesOf(assembly)
               from method in type.Methods
               where BuiltAssembly.CallsOf(method).Any(MakesRpcException)
               select (BuiltAssembly.NamespaceOf(type), method.FullName),
        ];
    }

    private static bool MakesRpcException(MethodReference called) =>
        called is { Name: ".ctor", DeclaringType.FullName: "Grpc.Core.RpcException" } or { Name: "ToRpcException" };
}

using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Reflection.V1Alpha;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class ReflectionTests
{
    [Fact]
    public async Task ListServices_AllOfThem_AreTold()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var call = new ServerReflection.ServerReflectionClient(daemon.Channel).ServerReflectionInfo(cancellationToken: TestContext.Current.CancellationToken);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = string.Empty }, TestContext.Current.CancellationToken);
        await call.RequestStream.CompleteAsync();
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(service => service.Name).ToList();
        Assert.Superset(
            new HashSet<string> { "embeddinggrpc.v1.EventService", "embeddinggrpc.v1.ModelService", "embeddinggrpc.v1.RecallService", "grpc.health.v1.Health" },
            names.ToHashSet());
    }
}

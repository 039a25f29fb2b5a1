using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Tests.Hosting;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class HealthTests
{
    [Theory]
    [InlineData("", Status.Serving)]
    [InlineData("embeddinggrpc.v1.EventService", Status.Serving)]
    [InlineData("embeddinggrpc.v1.ModelService", Status.Serving)]
    [InlineData("embeddinggrpc.v1.RecallService", Status.NotServing)]
    public async Task Check_FreshDaemon_TakesEventsButNoRecalls(string service, Status expected)
    {
        await using var daemon = await TestDaemon.StartAsync();
        var response = await new Health.HealthClient(daemon.Channel).CheckAsync(
            new HealthCheckRequest { Service = service }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.Status);
    }

    [Fact]
    public async Task Check_UnknownService_IsNotFound()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Health.HealthClient(daemon.Channel).CheckAsync(
            new HealthCheckRequest { Service = "x" }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Watch_ChangesAndShutdown_AreToldAndEndTheWatch()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var status = daemon.Services.GetRequiredService<ServingStatus>();
        using var watch = new Health.HealthClient(daemon.Channel).Watch(
            new HealthCheckRequest { Service = ServingStatus.Recall }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(Status.NotServing, await NextAsync(watch));
        status.Report(ServingStatus.Recall, true, "warm");
        Assert.Equal(Status.Serving, await NextAsync(watch));
        // Not news: the watcher must not hear of it.
        status.Report(ServingStatus.Recall, true, "another generation");
        var stopping = daemon.StopAsync();
        Assert.Equal(Status.NotServing, await NextAsync(watch));
        Assert.False(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        await stopping;
    }

    [Fact]
    public async Task Watch_UnknownService_IsToldSo()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var watch = new Health.HealthClient(daemon.Channel).Watch(
            new HealthCheckRequest { Service = "x" }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Status.ServiceUnknown, await NextAsync(watch));
    }

    private static async Task<Status> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return watch.ResponseStream.Current.Status;
    }
}

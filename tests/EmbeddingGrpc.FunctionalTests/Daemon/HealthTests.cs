using System.Net;
using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;
using Grpc.Reflection.V1Alpha;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>Whoever operates the daemon learns from outside what it can do now.</summary>
public sealed class HealthTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Health_OfAFreshDaemon_ServesEventsButNotRecall()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        Assert.Equal(Status.Serving, await StatusAsync(daemon, ""));
        Assert.Equal(Status.Serving, await StatusAsync(daemon, EventService.Descriptor.FullName));
        Assert.Equal(Status.Serving, await StatusAsync(daemon, ModelService.Descriptor.FullName));
        Assert.Equal(Status.NotServing, await StatusAsync(daemon, RecallService.Descriptor.FullName));
    }

    [Fact]
    public async Task Health_Watched_TellsTheFirstGenerationAndTheEnd()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        using var watch = daemon.Health.Watch(new HealthCheckRequest { Service = RecallService.Descriptor.FullName }, cancellationToken: Cancel);
        Assert.Equal(Status.NotServing, await NextAsync(watch));

        await daemon.LearnShoppingAsync(Cancel);
        Assert.Equal(Status.Serving, await NextAsync(watch));

        daemon.Terminate();
        Assert.Equal(Status.NotServing, await NextAsync(watch));
        Assert.Equal(0, await daemon.WaitForExitAsync(Cancel));
    }

    [Fact]
    public async Task Health_OfAnUnknownService_IsNotFound()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        var error = await Assert.ThrowsAsync<RpcException>(() => StatusAsync(daemon, "shop.v1.Till"));
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("shop.v1.Till", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpPages_OfAFreshDaemon_TellTheSameAsHealth()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        Assert.Equal(HttpStatusCode.OK, await PageAsync(daemon, "/healthz"));
        Assert.Equal(HttpStatusCode.OK, await PageAsync(daemon, "/readyz"));
        Assert.Equal(HttpStatusCode.OK, await PageAsync(daemon, "/readyz?service=EventService"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PageAsync(daemon, "/readyz?service=embeddinggrpc.v1.RecallService"));
        Assert.Equal(HttpStatusCode.NotFound, await PageAsync(daemon, "/readyz?service=shop.v1.Till"));
    }

    [Fact]
    public async Task Metrics_AfterSomeWork_CountIt()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        await daemon.LearnShoppingAsync(Cancel);
        await daemon.RecallItemAsync(ShoppingWorld.Item("books", 0), Cancel);

        var metrics = await daemon.Http.GetStringAsync("/metrics", Cancel);
        var own = metrics.Split('\n').Where(line => line.StartsWith("embeddinggrpc_", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(own);
        // Ids of users and items would make as many series as there are of them.
        Assert.DoesNotContain(own, line => line.Contains("books-0", StringComparison.Ordinal) || line.Contains("fan", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Reflection_Lists_EveryService()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        using var call = new ServerReflection.ServerReflectionClient(daemon.Channel).ServerReflectionInfo(cancellationToken: Cancel);
        await call.RequestStream.WriteAsync(new ServerReflectionRequest { ListServices = "" }, Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        var names = call.ResponseStream.Current.ListServicesResponse.Service.Select(s => s.Name).ToList();
        Assert.Superset(
            new HashSet<string> { EventService.Descriptor.FullName, RecallService.Descriptor.FullName, ModelService.Descriptor.FullName, "grpc.health.v1.Health" },
            names.ToHashSet());
    }

    private static async Task<Status> StatusAsync(DaemonProcess daemon, string service) =>
        (await daemon.Health.CheckAsync(new HealthCheckRequest { Service = service }, cancellationToken: Cancel)).Status;

    private static async Task<Status> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> watch)
    {
        Assert.True(await watch.ResponseStream.MoveNext(Cancel), "The watch ended.");
        return watch.ResponseStream.Current.Status;
    }

    private static async Task<HttpStatusCode> PageAsync(DaemonProcess daemon, string path)
    {
        using var response = await daemon.Http.GetAsync(path, Cancel);
        return response.StatusCode;
    }
}

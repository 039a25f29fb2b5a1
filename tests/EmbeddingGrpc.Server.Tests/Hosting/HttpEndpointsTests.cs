using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using EmbeddingGrpc.Server.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class HttpEndpointsTests
{
    [Fact]
    public async Task Healthz_RunningDaemon_IsOk()
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var response = await daemon.Http.GetAsync("/healthz", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("/readyz", HttpStatusCode.OK)]
    [InlineData("/readyz?service=embeddinggrpc.v1.EventService", HttpStatusCode.OK)]
    [InlineData("/readyz?service=EventService", HttpStatusCode.OK)]
    [InlineData("/readyz?service=ModelService", HttpStatusCode.OK)]
    [InlineData("/readyz?service=RecallService", HttpStatusCode.ServiceUnavailable)]
    [InlineData("/readyz?service=NoService", HttpStatusCode.NotFound)]
    public async Task Readyz_FreshDaemon_TakesEventsButNoRecalls(string path, HttpStatusCode expected)
    {
        await using var daemon = await TestDaemon.StartAsync();
        using var response = await daemon.Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(expected, response.StatusCode);
        var told = await response.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken);
        Assert.Equal(expected == HttpStatusCode.OK, (bool)told!["serving"]!);
        Assert.NotEmpty((string)told["reason"]!);
    }

    [Fact]
    public async Task Readyz_AfterAReport_FollowsIt()
    {
        await using var daemon = await TestDaemon.StartAsync();
        daemon.Services.GetRequiredService<ServingStatus>().Report(ServingStatus.Recall, true, "Generation 1 serves.");
        using var response = await daemon.Http.GetAsync("/readyz?service=RecallService", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Metrics_AfterEvents_CountThem()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var (call, _) = await Grpc.EventStreamCall.StartAsync(daemon);
        using (call)
        {
            await call.SendAsync(Grpc.Events.Batch([.. Grpc.Events.Numbered(1, 40), Grpc.Events.Numbered(41, user: string.Empty)]));
            await call.ReadThroughAsync(41);

            var text = await daemon.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
            var counts = text.Split('\n').Where(line => line.StartsWith("embeddinggrpc_ingest_interactions_total{", StringComparison.Ordinal)).ToArray();
            Assert.Contains(counts, line => line.Contains("appended", StringComparison.Ordinal) && line.Contains(" 40", StringComparison.Ordinal));
            Assert.Contains(counts, line => line.Contains("rejected", StringComparison.Ordinal) && line.Contains(" 1", StringComparison.Ordinal));
            Assert.Contains("embeddinggrpc_ingest_streams{", text, StringComparison.Ordinal);
        }
    }
}

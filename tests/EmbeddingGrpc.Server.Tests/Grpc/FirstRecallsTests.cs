using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Models;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>What a daemon has asked itself by the time that it calls itself ready.</summary>
public sealed class FirstRecallsTests : IDisposable
{
    private const string Ready = "/readyz?service=embeddinggrpc.v1.RecallService";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ready_WithAGenerationOnDisk_HasRecalledInEachWayBefore(bool asksForKeys)
    {
        await TrainAsync();
        var keys = Path.Combine(_folder.FullPath, "keys");
        await File.WriteAllTextAsync(keys, "shop recall 0123456789abcdef", Cancellation);

        await using var daemon = await TestDaemon.StartAsync(_folder.FullPath, asksForKeys ? [$"--EmbeddingGrpc:AccessKeysFile={keys}"] : []);
        await Eventually.UntilAsync(async () => (await daemon.Http.GetAsync(Ready, Cancellation)).IsSuccessStatusCode);

        var metrics = await daemon.Http.GetStringAsync("/metrics", Cancellation);
        foreach (var kind in new[] { "item", "vector", "session", "user" })
            Assert.Equal(2, Sum(metrics, "embeddinggrpc_recall_duration_seconds_count", $"kind=\"{kind}\""));
        Assert.Equal(0, Sum(metrics, "embeddinggrpc_recall_failures_total", ""));
    }

    [Fact]
    public async Task Ready_WithItsFirstItemDeleted_IsReadyAllTheSame()
    {
        await TrainAsync();
        await using (var daemon = await TestDaemon.StartAsync(_folder.FullPath))
        {
            var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
            await Eventually.UntilAsync(() => model.Generations.Serving is not null);
            Assert.True(model.Generations.TryLease(out var lease));
            string first;
            using (lease) first = lease.Generation.IdOf(new Numerics.ItemOrdinal(0));
            await new CatalogService.CatalogServiceClient(daemon.Channel).DeleteItemsAsync(new DeleteItemsRequest { ItemIds = { first } }, cancellationToken: Cancellation);
        }

        await using var again = await TestDaemon.StartAsync(_folder.FullPath);
        await Eventually.UntilAsync(async () => (await again.Http.GetAsync(Ready, Cancellation)).IsSuccessStatusCode);

        var metrics = await again.Http.GetStringAsync("/metrics", Cancellation);
        Assert.Equal(2, Sum(metrics, "embeddinggrpc_recall_duration_seconds_count", "kind=\"vector\""));
    }

    [Fact]
    public async Task Started_HasAskedItsOwnHealthOverGrpc()
    {
        await using var daemon = await TestDaemon.StartAsync();

        await Eventually.UntilAsync(async () =>
            Sum(await daemon.Http.GetStringAsync("/metrics", Cancellation), "http_server_request_duration_seconds_count", "grpc.health.v1.Health/Check") == 1);
    }

    private async Task TrainAsync()
    {
        await using var daemon = await TestDaemon.StartAsync(_folder.FullPath, ["--EmbeddingGrpc:Model:Training:Dimension=16", "--EmbeddingGrpc:Model:Training:Epochs=3"]);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, itemsOfCamp: 10, 10)]), Cancellation);
        using var call = new ModelService.ModelServiceClient(daemon.Channel).TrainModel(new TrainModelRequest(), cancellationToken: Cancellation);
        await call.ResponseStream.ReadAllAsync(Cancellation).ToListAsync(Cancellation);
    }

    private static double Sum(string metrics, string name, string label) => metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
}

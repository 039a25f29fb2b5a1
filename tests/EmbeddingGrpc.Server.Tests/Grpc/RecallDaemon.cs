using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Admission;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Models;
using Microsoft.Extensions.DependencyInjection;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>A real daemon whose default model has seen two camps of users and is trained on them.</summary>
public sealed class RecallDaemon : IAsyncDisposable
{
    public const int ItemsOfCamp = 20;

    private readonly TestDaemon _daemon;

    private RecallDaemon(TestDaemon daemon) => (_daemon, Client, Catalog) =
        (daemon, new RecallService.RecallServiceClient(daemon.Channel), new CatalogService.CatalogServiceClient(daemon.Channel));

    public RecallService.RecallServiceClient Client { get; }

    public CatalogService.CatalogServiceClient Catalog { get; }

    public ModelRuntime Model => _daemon.Services.GetRequiredService<ModelRegistry>().Get("");

    /// <summary>What searches pass; a test that takes its places decides when they run.</summary>
    public SearchGate Gate => _daemon.Services.GetRequiredService<SearchGate>();

    public RecallMetrics Metrics => _daemon.Services.GetRequiredService<RecallMetrics>();

    public static async Task<RecallDaemon> StartAsync(string? dataDirectory = null, bool train = true, params string[] args)
    {
        string[] small =
        [
            "--EmbeddingGrpc:Model:Training:Dimension=16", "--EmbeddingGrpc:Model:Training:Epochs=5", "--EmbeddingGrpc:Model:Training:Threads=1",
            "--EmbeddingGrpc:Model:Index:BuildThreads=1",
        ];
        var daemon = new RecallDaemon(await TestDaemon.StartAsync(dataDirectory, [.. small, .. args]));
        if (!train) return daemon;
        await daemon.AppendAsync([.. TestModel.Camps(users: 100, ItemsOfCamp, length: 10)]);
        await daemon.Model.Training.Start().Completion.WaitAsync(TestContext.Current.CancellationToken);
        return daemon;
    }

    public bool IsConnectedToRedis => _daemon.Services.GetRequiredService<RedisStore>().IsConnected;

    /// <summary>Makes interactions durable and returns the offset just after them.</summary>
    public async Task<ulong> AppendAsync(params EventLog.Interaction[] interactions) =>
        (ulong)(await Model.Log.AppendAsync(new AppendBatch(interactions), TestContext.Current.CancellationToken)).DurableOffset.Value;

    public async Task<RecallResponse> RecallAsync(RecallRequest request) =>
        await Client.RecallAsync(request, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>Stops it as SIGTERM does.</summary>
    public Task StopAsync() => _daemon.StopAsync();

    public async ValueTask DisposeAsync() => await _daemon.DisposeAsync();
}

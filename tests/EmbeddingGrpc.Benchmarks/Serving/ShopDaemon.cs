using EmbeddingGrpc.Client;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>A daemon in this process whose model serves the vectors of a <see cref="SimulatedShop"/> and has seen its sessions. Its data is thrown away.</summary>
internal sealed class ShopDaemon : IAsyncDisposable
{
    private const int AppendedAtOnce = 2000;

    private readonly WebApplication _app;
    private readonly DirectoryInfo _data;

    private ShopDaemon(WebApplication app, DirectoryInfo data)
    {
        (_app, _data) = (app, data);
        Client = new EmbeddingClient(app.Services.GetRequiredService<DaemonAddresses>().Grpc.ToString());
    }

    public EmbeddingClient Client { get; }

    public IServiceProvider Services => _app.Services;

    public ModelRuntime Model => Services.GetRequiredService<ModelRegistry>().Get("");

    public static async Task<ShopDaemon> StartAsync(SimulatedShop shop, int sessions)
    {
        var data = Directory.CreateTempSubdirectory("shop-daemon");
        // One thread builds the index, so that the same numbers make the same one.
        string[] settings =
        [
            "--EmbeddingGrpc:Listen=127.0.0.1", "--EmbeddingGrpc:GrpcPort=0", "--EmbeddingGrpc:HttpPort=0", $"--EmbeddingGrpc:DataDirectory={data.FullName}",
            "--EmbeddingGrpc:Model:Index:BuildThreads=1",
        ];
        var app = DaemonHost.Build(settings, builder => builder.Logging.ClearProviders());
        await app.StartAsync();
        var daemon = new ShopDaemon(app, data);
        var offset = new LogOffset(0);
        foreach (var some in shop.Sessions(sessions).Chunk(AppendedAtOnce))
            offset = (await daemon.Model.Log.AppendAsync(new AppendBatch(some), CancellationToken.None)).DurableOffset;
        await daemon.Model.Applier.WaitForAppliedAsync(offset, CancellationToken.None);
        await daemon.Client.ImportVectorsAsync(shop.Word2vec(seed: 1), shop.Word2vec(seed: 2), VectorFormat.Word2VecBinary);
        return daemon;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Delete(recursive: true);
    }
}

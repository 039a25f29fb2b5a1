using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Hosting.Tls;
using EmbeddingGrpc.Server.Tests.Models;
using Grpc.Core;
using Grpc.Core.Interceptors;
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

        using var recalls = new Recalls();
        await using var daemon = await TestDaemon.StartAsync(_folder.FullPath, asksForKeys ? [$"--EmbeddingGrpc:AccessKeysFile={keys}"] : []);
        await Eventually.UntilAsync(async () => (await daemon.Http.GetAsync(Ready, Cancellation)).IsSuccessStatusCode);

        Assert.Equal(["item", "item", "session", "session", "user", "user", "vector", "vector"], recalls.AnsweredBy(daemon));
        // Nothing that anybody else could be answered by.
        Assert.Equal(2, daemon.Services.GetRequiredService<RecallMetrics>().MemoryHits);
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

        using var recalls = new Recalls();
        await using var again = await TestDaemon.StartAsync(_folder.FullPath);
        await Eventually.UntilAsync(async () => (await again.Http.GetAsync(Ready, Cancellation)).IsSuccessStatusCode);

        Assert.Equal(2, recalls.AnsweredBy(again).Count(kind => kind == "vector"));
        Assert.DoesNotContain("item", recalls.AnsweredBy(again));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Started_HasAskedItsOwnHealthOverGrpc(bool withTls)
    {
        var (certificate, key) = (Path.Combine(_folder.FullPath, "tls.crt"), Path.Combine(_folder.FullPath, "tls.key"));
        using var authority = new TestCertificates();
        authority.Issue(certificate, key);
        var seen = new Witness();
        await using var daemon = await TestDaemon.StartAsync(
            args: withTls ? [$"--EmbeddingGrpc:Tls:CertificatePath={certificate}", $"--EmbeddingGrpc:Tls:KeyPath={key}"] : [],
            configure: builder => builder.Services.AddSingleton(seen).AddGrpc(grpc => grpc.Interceptors.Add<Witness>()));

        await Eventually.UntilAsync(() => seen.Methods.Contains("/grpc.health.v1.Health/Check"));
    }

    private async Task TrainAsync()
    {
        await using var daemon = await TestDaemon.StartAsync(_folder.FullPath, ["--EmbeddingGrpc:Model:Training:Dimension=16", "--EmbeddingGrpc:Model:Training:Epochs=3"]);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, itemsOfCamp: 10, 10)]), Cancellation);
        using var call = new ModelService.ModelServiceClient(daemon.Channel).TrainModel(new TrainModelRequest(), cancellationToken: Cancellation);
        await call.ResponseStream.ReadAllAsync(Cancellation).ToListAsync(Cancellation);
    }

    /// <summary>Notes what was answered, by which daemon: others run beside it.</summary>
    private sealed class Recalls : IDisposable
    {
        private readonly ConcurrentQueue<(object? Daemon, string? Kind)> _answered = new();
        private readonly MeterListener _listener = new();

        public Recalls()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "embeddinggrpc.recall.duration") listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            {
                foreach (var (name, value) in tags)
                    if (name == "kind")
                        _answered.Enqueue((instrument.Meter.Scope, value as string));
            });
            _listener.Start();
        }

        public IEnumerable<string?> AnsweredBy(TestDaemon daemon)
        {
            var factory = daemon.Services.GetRequiredService<IMeterFactory>();
            return _answered.Where(answered => answered.Daemon == factory).Select(answered => answered.Kind).Order(StringComparer.Ordinal);
        }

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>Notes which methods were called.</summary>
    private sealed class Witness : Interceptor
    {
        public ConcurrentQueue<string> Methods { get; } = new();

        public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
            TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
        {
            Methods.Enqueue(context.Method);
            return continuation(request, context);
        }
    }
}

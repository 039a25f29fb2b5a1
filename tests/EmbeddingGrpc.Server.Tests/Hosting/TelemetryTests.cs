using System.Reflection;
using System.Threading.Channels;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Training;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class TelemetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Meters_EveryMeterOfTheRooms_IsCollected()
    {
        Assembly[] assemblies = [typeof(Telemetry).Assembly, typeof(TrainingMetrics).Assembly, typeof(EventLogMetrics).Assembly, typeof(HnswIndex).Assembly, typeof(Checksum).Assembly];
        var declared = assemblies.SelectMany(assembly => assembly.GetTypes())
            .Select(type => type.GetField("MeterName", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)?.GetRawConstantValue())
            .OfType<string>();

        Assert.Equal(declared.Order(StringComparer.Ordinal), Telemetry.Meters.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Metrics_OfAStartedDaemon_TellTheRoomItHas()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var metrics = await daemon.Http.GetStringAsync("/metrics", Cancel);
        foreach (var name in new[] { "embeddinggrpc_disk_free_bytes", "embeddinggrpc_disk_size_bytes", "embeddinggrpc_memory_limit_bytes", "embeddinggrpc_memory_resident_bytes", "embeddinggrpc_memory_heap_limit_bytes" })
        {
            var lines = Series(metrics, name);
            Assert.NotEmpty(lines);
            Assert.All(lines, line => Assert.True(ValueOf(line) > 0, line));
        }
    }

    [Fact]
    public async Task Metrics_OfAnEmptyDaemon_TellEachRoomsMemoryAndNoFailureYet()
    {
        await using var daemon = await TestDaemon.StartAsync();
        var metrics = await daemon.Http.GetStringAsync("/metrics", Cancel);
        foreach (var room in new[] { "answers", "log_buffers", "item_keys", "histories", "counters", "item_graph", "catalogue", "similar_users", "training" })
            Assert.Contains(Series(metrics, "embeddinggrpc_memory_room_bytes"), line => line.Contains($"room=\"{room}\"", StringComparison.Ordinal));
        foreach (var kind in new[] { "managed", "native", "mapped" })
            Assert.Contains(Series(metrics, "embeddinggrpc_memory_process_bytes"), line => line.Contains($"kind=\"{kind}\"", StringComparison.Ordinal));
        // A counter that is only told once it is 1 never rises in the eyes of an alert.
        foreach (var failures in new[] { "embeddinggrpc_log_refused_total", "embeddinggrpc_training_failures_total" })
            Assert.NotEmpty(Series(metrics, failures));
    }

    [Fact]
    public async Task Collector_Named_ReceivesTheCallsSpanInItsCallersTrace()
    {
        await using var collector = await Collector.StartAsync();
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        var headers = new Metadata { { "traceparent", $"00-{trace}-00f067aa0ba902b7-01" } };
        // What is still to be sent is sent at the end.
        await using (var daemon = await TestDaemon.StartAsync(args: collector.Settings))
        {
            await new ModelService.ModelServiceClient(daemon.Channel).ListModelsAsync(new ListModelsRequest(), headers, cancellationToken: Cancel);
        }

        var bodies = await collector.ReadAllAsync();
        Assert.Contains(bodies, sent => sent.Path == "/v1/metrics" && Holds(sent.Body, "embeddinggrpc.disk.free"u8));
        Assert.Contains(bodies, sent => sent.Path == "/v1/traces" && Holds(sent.Body, Convert.FromHexString(trace)) && Holds(sent.Body, "embedding-grpc"u8));
    }

    // Daemons of tests beside this one are in the same process, and each tells of all.
    private static List<string> Series(string metrics, string name) =>
        [.. metrics.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal))];

    private static double ValueOf(string line) =>
        double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);

    private static bool Holds(byte[] body, ReadOnlySpan<byte> part) => body.AsSpan().IndexOf(part) >= 0;

    /// <summary>An OpenTelemetry collector's HTTP door: keeps what it is sent.</summary>
    private sealed class Collector : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly Channel<(string Path, byte[] Body)> _sent = Channel.CreateUnbounded<(string, byte[])>();

        private Collector()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            _app = builder.Build();
            _app.Urls.Add("http://127.0.0.1:0");
            _app.MapPost("/v1/{signal}", async (HttpContext context) =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                await _sent.Writer.WriteAsync((context.Request.Path.Value!, body.ToArray()));
            });
        }

        public string[] Settings =>
        [
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()}",
            "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ];

        public static async Task<Collector> StartAsync()
        {
            var collector = new Collector();
            await collector._app.StartAsync(Cancel);
            return collector;
        }

        public async Task<List<(string Path, byte[] Body)>> ReadAllAsync()
        {
            await _app.StopAsync(Cancel);
            _sent.Writer.Complete();
            return await _sent.Reader.ReadAllAsync(Cancel).ToListAsync(Cancel);
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}

using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.FunctionalTests.Redis;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;
using Grpc.Health.V1;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>What happens to recalls in flight while the daemon changes under them.</summary>
public sealed class UnderLoadTests : IDisposable
{
    // However slow the machine, waiting is not what is tried here.
    private static readonly string[] Settings = [.. ShoppingWorld.Settings, "--EmbeddingGrpc:Recall:Admission:MaximumWait=00:01:00"];

    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Train_UnderLoad_FailsNoRecallAndMixesNoGenerations()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings);
        var served = new List<string> { (await daemon.LearnShoppingAsync(Cancel)).Id };
        await using var load = new RecallLoad(daemon);
        for (var training = 0; training < 3; training++)
        {
            await load.AnswersAsync(100, Cancel);
            await daemon.TrainAsync(Cancel);
            served.Add((await daemon.GetModelAsync(Cancel)).Serving.Id);
        }

        await load.AnswersAsync(100, Cancel);
        await load.StopAsync();
        Assert.Empty(load.Failures);
        Assert.Equal(0, load.Wrong);
        Assert.All(load.AnswersOf.Keys, generation => Assert.Contains(generation, served));
    }

    [Fact]
    public async Task Terminate_UnderLoad_AnswersRightlyOrRefusesAsUnavailable()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings);
        await daemon.LearnShoppingAsync(Cancel);
        await using var load = new RecallLoad(daemon, every: TimeSpan.FromMilliseconds(10));
        await load.AnswersAsync(200, Cancel);

        Assert.Equal(0, await daemon.StopAsync(Cancel));
        await load.StopAsync();
        Assert.Equal(0, load.Wrong);
        // Whoever calls may safely ask another daemon.
        Assert.All(load.Failures, failure => Assert.True(IsRefusedBeforeItBegan(failure), failure.ToString()));
    }

    [Fact]
    public async Task Terminate_UnderOpenLoadOfRecallsAndEvents_TellsHealthFirstAndKeepsWhatItAcknowledged()
    {
        const int producers = 4;
        var acknowledged = new ulong[producers];
        await using (var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, Settings))
        {
            await daemon.LearnShoppingAsync(Cancel);
            await using var load = new RecallLoad(daemon, every: TimeSpan.FromMilliseconds(10));
            using var watch = daemon.Health.Watch(new HealthCheckRequest { Service = EventService.Descriptor.FullName }, cancellationToken: Cancel);
            Assert.True(await watch.ResponseStream.MoveNext(Cancel));
            var notServing = new TaskCompletionSource();
            var watching = Task.Run(async () =>
            {
                while (await watch.ResponseStream.MoveNext(Cancel))
                {
                    if (watch.ResponseStream.Current.Status == HealthCheckResponse.Types.ServingStatus.NotServing) notServing.TrySetResult();
                }
            }, Cancel);
            var streams = Enumerable.Range(0, producers).Select(producer => ProduceAsync(daemon, producer, notServing.Task)).ToArray();
            await load.AnswersAsync(200, Cancel);
            await Eventually.TrueAsync("every producer has acknowledgements", async () => (await daemon.GetModelAsync(Cancel)).DurableOffset > (ulong)ShoppingWorld.Interactions.Count + 400, Cancel);

            daemon.Terminate();
            acknowledged = await Task.WhenAll(streams);
            Assert.Equal(0, await daemon.WaitForExitAsync(Cancel));
            await watching;
            await load.StopAsync();
            Assert.Equal(0, load.Wrong);
            Assert.All(load.Failures, failure => Assert.True(IsRefusedBeforeItBegan(failure), failure.ToString()));
        }

        await using var restarted = await DaemonProcess.StartAsync(_data.FullPath, Cancel);
        for (var producer = 0; producer < producers; producer++)
        {
            using var stream = await EventStreamCall.OpenAsync(restarted, $"till-{producer}", Cancel);
            // Everything was acknowledged before its stream ended, and everything acknowledged is there.
            Assert.Equal(acknowledged[producer], stream.StartedAt);
        }
    }

    [Fact]
    public async Task Redis_RestartedUnderLoad_FailsNoRecallAndIsUsedAgain()
    {
        await using var redis = (RedisServerProcess)await RedisServerProcess.StartAsync(Cancel);
        string[] settings =
        [
            .. Settings, $"--EmbeddingGrpc:Redis:Configuration={redis.Configuration}", "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0",
            "--EmbeddingGrpc:Redis:SkipWhenSlower=false", "--EmbeddingGrpc:Redis:LongestPause=00:00:01",
        ];
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, settings);
        await daemon.LearnShoppingAsync(Cancel);
        await using var load = new RecallLoad(daemon);
        for (var round = 0; round < 2; round++)
        {
            await load.AnswersAsync(200, Cancel);
            await redis.StopAsync();
            await load.AnswersAsync(200, Cancel);
            redis.StartAgain();
            // It has forgotten everything: what it answers now it was given since.
            var before = (await DaemonMetrics.ScrapeAsync(daemon, Cancel)).SumOf("embeddinggrpc_recall_cache_hits_total", "level=\"redis\"");
            await Eventually.TrueAsync(
                "Redis answers again",
                async () => (await DaemonMetrics.ScrapeAsync(daemon, Cancel)).SumOf("embeddinggrpc_recall_cache_hits_total", "level=\"redis\"") > before,
                Cancel);
        }

        await load.StopAsync();
        Assert.Empty(load.Failures);
        Assert.Equal(0, load.Wrong);
    }

    [Fact]
    public async Task Redis_KilledUnderLoad_FailsNoRecall()
    {
        var redis = await RedisServerProcess.StartAsync(Cancel);
        try
        {
            // A cache in the daemon's own memory would hide Redis from the calls.
            string[] settings = [.. Settings, $"--EmbeddingGrpc:Redis:Configuration={redis.Configuration}", "--EmbeddingGrpc:Redis:SkipWhenSlower=false", "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0"];
            await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, settings);
            await daemon.LearnShoppingAsync(Cancel);
            await using var load = new RecallLoad(daemon);
            await load.AnswersAsync(200, Cancel);
            await redis.StopAsync();
            await load.AnswersAsync(500, Cancel);
            await load.StopAsync();
            Assert.Empty(load.Failures);
            Assert.Equal(0, load.Wrong);
        }
        finally
        {
            await redis.DisposeAsync();
        }
    }

    /// <summary>Sends until it is told to end, then half-closes and reads to the end.</summary>
    /// <returns>The last number sent, all of which were acknowledged.</returns>
    private static async Task<ulong> ProduceAsync(DaemonProcess daemon, int producer, Task notServing)
    {
        using var stream = await EventStreamCall.OpenAsync(daemon, $"till-{producer}", Cancel);
        ulong sent = 0;
        while (!stream.Draining)
        {
            await stream.SendAsync(ShoppingWorld.Interactions.Take(10).Select(i => new Interaction(i) { Number = ++sent }).ToList());
            Assert.True(await stream.ReadAsync(), "The stream ended before it was told to.");
        }

        // Whoever watches health was told no later than the stream.
        await notServing.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await stream.FinishAsync();
        Assert.Empty(stream.Rejected);
        Assert.Equal(sent, stream.Acknowledged);
        return sent;
    }

    /// <summary>
    /// Whether the daemon did not begin a call: it said so, or the connection was closed by its good-bye (GOAWAY without an error, RFC 9113 section 6.8) while the headers were being
    /// sent, which .NET's client tells as INTERNAL.
    /// </summary>
    private static bool IsRefusedBeforeItBegan(RpcException failure) =>
        failure.StatusCode == StatusCode.Unavailable
        || (failure.Status.Detail.StartsWith("Error starting gRPC call.", StringComparison.Ordinal)
            && failure.Status.DebugException?.InnerException is HttpProtocolException { ErrorCode: 0 });
}

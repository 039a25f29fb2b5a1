using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.FunctionalTests.Redis;
using Grpc.Core;

namespace EmbeddingGrpc.FunctionalTests.Daemon;

/// <summary>What happens to recalls in flight while the daemon changes under them.</summary>
public sealed class UnderLoadTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Train_UnderLoad_FailsNoRecallAndMixesNoGenerations()
    {
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
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
        await using var daemon = await DaemonProcess.StartAsync(_data.FullPath, Cancel, ShoppingWorld.Settings);
        await daemon.LearnShoppingAsync(Cancel);
        await using var load = new RecallLoad(daemon);
        await load.AnswersAsync(200, Cancel);

        Assert.Equal(0, await daemon.StopAsync(Cancel));
        await load.StopAsync();
        Assert.Equal(0, load.Wrong);
        // Refused before it was begun: whoever calls may safely ask another daemon.
        Assert.All(load.Failures, failure => Assert.True(failure.StatusCode == StatusCode.Unavailable, failure.ToString()));
    }

    [Fact]
    public async Task Redis_KilledUnderLoad_FailsNoRecall()
    {
        var redis = await RedisServerProcess.StartAsync(Cancel);
        try
        {
            // A cache in the daemon's own memory would hide Redis from the calls.
            string[] settings = [.. ShoppingWorld.Settings, $"--EmbeddingGrpc:Redis:Configuration={redis.Configuration}", "--EmbeddingGrpc:Redis:SkipWhenSlower=false", "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0"];
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
}

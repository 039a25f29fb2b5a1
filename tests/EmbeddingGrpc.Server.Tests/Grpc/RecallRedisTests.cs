using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Cache;
using EmbeddingGrpc.Server.Tests.Models;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>Whole daemons with a Redis, and without the one they were promised.</summary>
public sealed class RecallRedisTests
{
    // A busy machine must not turn a hit into a miss.
    private const string Patient = "--EmbeddingGrpc:Redis:LookupBudget=00:00:10";

    // A search among forty items is faster than any Redis.
    private const string Always = "--EmbeddingGrpc:Redis:SkipWhenSlower=false";
    private const string NoMemory = "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0";

    private static readonly RecallRequest Item = new() { Item = new ItemQuery { ItemId = "camp0-1" } };

    [Theory]
    [InlineData("EmbeddingGrpc:Redis:Configuration")]
    [InlineData("Redis:Configuration")]
    public async Task Recall_DaemonStartedAgain_AnswersFromRedis(string setting)
    {
        using var redis = new EmbeddedRedis();
        using var directory = new TemporaryDirectory();
        var first = await AskUntilWrittenAsync(directory.Path, $"--{setting}={redis.EndPoint}", Patient, Always);

        await using var daemon = await RecallDaemon.StartAsync(directory.Path, train: false, $"--{setting}={redis.EndPoint}", Patient, Always);
        await Eventually.UntilAsync(() => daemon.IsConnectedToRedis && IsServing(daemon));
        var (again, andAgain) = (await daemon.RecallAsync(Item), await daemon.RecallAsync(Item));

        Assert.Equal((AnswerSource.Redis, 1), (again.Source, daemon.Metrics.RedisHits));
        Assert.Equal(first.GenerationId, again.GenerationId);
        Assert.Equal(first.Candidates, again.Candidates);
        Assert.Equal(AnswerSource.Memory, andAgain.Source);
    }

    [Fact]
    public async Task Recall_WithoutMemory_AnswersFromRedisEveryTime()
    {
        using var redis = new EmbeddedRedis();
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, $"--Redis:Configuration={redis.EndPoint}", Patient, Always, NoMemory);
        await FromRedisAsync(daemon);

        Assert.Equal(AnswerSource.Redis, (await daemon.RecallAsync(Item)).Source);
    }

    [Fact]
    public async Task Recall_NewGeneration_IsNotAnsweredFromTheOldOnesEntries()
    {
        using var redis = new EmbeddedRedis();
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, $"--Redis:Configuration={redis.EndPoint}", Always, NoMemory);
        var old = await FromRedisAsync(daemon);
        await daemon.Model.Training.Start().Completion.WaitAsync(TestContext.Current.CancellationToken);
        var response = await daemon.RecallAsync(Item);

        Assert.Equal(AnswerSource.Search, response.Source);
        Assert.NotEqual(old.GenerationId, response.GenerationId);
    }

    [Fact]
    public async Task Recall_RealRedisPausedAndKilled_NoCallFails()
    {
        await using var redis = RedisServerProcess.Start();
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, $"--Redis:Configuration={redis.EndPoint}", Always, NoMemory);
        await FromRedisAsync(daemon);

        redis.Pause();
        for (var i = 0; i < 50; i++) Assert.Equal(AnswerSource.Search, (await daemon.RecallAsync(Item)).Source);
        redis.Resume();
        await redis.KillAsync();
        for (var i = 0; i < 50; i++) Assert.Equal(AnswerSource.Search, (await daemon.RecallAsync(Item)).Source);
    }

    [Fact]
    public async Task Recall_RedisThatIsNotThere_StartsAndAnswers()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, "--Redis:Configuration=!/nonexistent/redis.sock");
        Assert.Equal(AnswerSource.Search, (await daemon.RecallAsync(Item)).Source);
    }

    [Theory]
    [InlineData("--Redis:Configuration=,,nonsense=1", "Redis:Configuration")]
    [InlineData("--EmbeddingGrpc:Redis:LookupBudget=00:01:00", "LookupBudget")]
    [InlineData("--EmbeddingGrpc:Recall:RecencyExponent=-1", "RecencyExponent")]
    [InlineData("--EmbeddingGrpc:Recall:InteractionWeights:View=-1", "View")]
    [InlineData("--EmbeddingGrpc:Recall:Cache:MemoryBytes=-1", "MemoryBytes")]
    public async Task Start_UnsupportedValue_NamesTheSetting(string argument, string setting)
    {
        var e = await Assert.ThrowsAsync<OptionsValidationException>(() => RecallDaemon.StartAsync(null, train: false, argument));
        Assert.Contains(setting, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recall_BeforeTheFirstGeneration_SaysToTrain()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: false);
        var e = await Assert.ThrowsAsync<RpcException>(() => daemon.RecallAsync(Item));

        Assert.Equal(StatusCode.FailedPrecondition, e.StatusCode);
        Assert.Contains("train", e.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("NO_GENERATION", e.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
    }

    private static async Task<RecallResponse> AskUntilWrittenAsync(string directory, params string[] arguments)
    {
        await using var daemon = await RecallDaemon.StartAsync(directory, train: true, [.. arguments, NoMemory]);
        return await FromRedisAsync(daemon);
    }

    // The connection and the writes are made beside the calls: asked until an answer comes from there.
    private static async Task<RecallResponse> FromRedisAsync(RecallDaemon daemon)
    {
        while (true)
        {
            var response = await daemon.RecallAsync(Item);
            if (response.Source == AnswerSource.Redis) return response;
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }
    }

    private static bool IsServing(RecallDaemon daemon)
    {
        if (!daemon.Model.Generations.TryLease(out var lease)) return false;
        lease.Dispose();
        return true;
    }
}

using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Tests.Cache;
using Grpc.Core;
using StackExchange.Redis;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>What is asked most is at hand when another generation serves; what is not there is remembered until it is.</summary>
public sealed class WarmedRecallTests
{
    private static readonly RecallRequest Hot = new() { Item = new ItemQuery { ItemId = "camp0-1" } };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Recall_HotQueryAfterASwap_IsInMemoryBeforeAnybodyAsks()
    {
        await using var daemon = await RecallDaemon.StartAsync();
        var before = await AskOftenAsync(daemon);
        await daemon.Model.Training.Start().Completion.WaitAsync(Cancelled);
        await UntilWarmedAsync(daemon);
        var after = await daemon.RecallAsync(Hot);

        Assert.NotEqual(before.GenerationId, after.GenerationId);
        Assert.Equal(AnswerSource.Memory, after.Source);
    }

    [Fact]
    public async Task Recall_HotQueryAfterASwap_IsInRedisForOtherDaemons()
    {
        using var redis = new EmbeddedRedis();
        await using var daemon = await RecallDaemon.StartAsync(
            null, train: true, $"--Redis:Configuration={redis.EndPoint}", "--EmbeddingGrpc:Redis:LookupBudget=00:00:10", "--EmbeddingGrpc:Redis:SkipWhenSlower=false",
            "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0");
        while ((await daemon.RecallAsync(Hot)).Source != AnswerSource.Redis) await Task.Delay(TimeSpan.FromMilliseconds(5), Cancelled);
        await AskOftenAsync(daemon);
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.EndPoint);
        Assert.Equal(1, await CountAsync(connection));
        await daemon.Model.Training.Start().Completion.WaitAsync(Cancelled);

        // Nobody has asked the new generation.
        while (await CountAsync(connection) < 2) await Task.Delay(TimeSpan.FromMilliseconds(5), Cancelled);
        Assert.Equal(AnswerSource.Redis, (await daemon.RecallAsync(Hot)).Source);

        static async Task<long> CountAsync(ConnectionMultiplexer connection) => (long)await connection.GetDatabase().ExecuteAsync("DBSIZE");
    }

    [Fact]
    public async Task Recall_ItemThatIsNotThere_IsRefusedUntilItIs()
    {
        await using var daemon = await RecallDaemon.StartAsync(null, train: true, "--EmbeddingGrpc:Recall:Cache:NegativeTimeToLive=00:10:00");
        var request = new RecallRequest { Item = new ItemQuery { ItemId = "newcomer" } };
        foreach (var _ in new[] { "searched", "remembered" })
        {
            var e = await Assert.ThrowsAsync<RpcException>(() => daemon.RecallAsync(request));
            Assert.Equal((StatusCode.NotFound, "newcomer"), (e.StatusCode, e.GetRpcStatus()!.GetDetail<Google.Rpc.ResourceInfo>()!.ResourceName));
        }

        await daemon.AppendAsync([.. Enumerable.Range(0, 20).SelectMany(user => new[] { Click(user, "camp0-1", 1), Click(user, "newcomer", 2), Click(user, "camp0-2", 3) })]);
        // Folded in behind the log; long before what was remembered is forgotten.
        while (true)
        {
            try
            {
                Assert.NotEmpty((await daemon.RecallAsync(request)).Candidates);
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.NotFound)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), Cancelled);
            }
        }
    }

    private static async Task<RecallResponse> AskOftenAsync(RecallDaemon daemon)
    {
        RecallResponse? response = null;
        // Counted by a sample, on several threads.
        for (var i = 0; i < 500; i++) response = await daemon.RecallAsync(Hot);
        return response!;
    }

    private static async Task UntilWarmedAsync(RecallDaemon daemon)
    {
        while (daemon.Metrics.WarmedQueries == 0) await Task.Delay(TimeSpan.FromMilliseconds(5), Cancelled);
    }

    private static EventLog.Interaction Click(int user, string item, int time) =>
        new($"friend-{user}", item, EventLog.InteractionType.Click, 1_700_000_000_000 + (1000 * user) + time);
}

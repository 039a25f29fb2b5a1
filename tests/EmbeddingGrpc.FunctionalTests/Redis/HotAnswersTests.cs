using EmbeddingGrpc.FunctionalTests.Harness;
using EmbeddingGrpc.Protocol.V1;
using StackExchange.Redis;

namespace EmbeddingGrpc.FunctionalTests.Redis;

/// <summary>Hot answers are shared through Redis, never stale, and a Redis that fails is a miss and nothing more.</summary>
public sealed class HotAnswersTests : IDisposable
{
    private readonly TemporaryDirectory _data = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Servers => ["embedded", "redis-server"];

    public void Dispose() => _data.Dispose();

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Recall_AskedAgainAfterARestart_IsAnsweredByRedis(string kind)
    {
        await using var redis = await StartAsync(kind);
        RecallResponse searched;
        await using (var daemon = await DaemonAsync(redis))
        {
            await daemon.LearnShoppingAsync(Cancel);
            searched = await daemon.RecallItemAsync("games-1", Cancel);
            Assert.Equal(AnswerSource.Search, searched.Source);
            Assert.Equal(AnswerSource.Memory, (await daemon.RecallItemAsync("games-1", Cancel)).Source);
            await WaitForKeysAsync(redis);
            await daemon.StopAsync(Cancel);
        }

        // Without its own memory, or the first answer that was searched for would be kept there and Redis never asked again.
        await using (var daemon = await DaemonAsync(redis, "--EmbeddingGrpc:Recall:Cache:MemoryBytes=0"))
        {
            await daemon.WaitUntilRecallServesAsync(Cancel);
            // The connection comes up behind the daemon's back: until then a query is searched for.
            RecallResponse? shared = null;
            await Eventually.TrueAsync("an answer comes from Redis", async () =>
            {
                shared = await daemon.RecallItemAsync("games-1", Cancel);
                return shared.Source == AnswerSource.Redis;
            }, Cancel);
            Assert.Equal(searched.Candidates, shared!.Candidates);
            Assert.Equal(searched.GenerationId, shared.GenerationId);
            Assert.NotEqual(searched.RecallId, shared.RecallId);
        }
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Recall_AfterANewTraining_IsNeverAnsweredByTheOldGeneration(string kind)
    {
        await using var redis = await StartAsync(kind);
        await using var daemon = await DaemonAsync(redis);
        await daemon.LearnShoppingAsync(Cancel);
        await daemon.RecallItemAsync("games-1", Cancel);
        await WaitForKeysAsync(redis);

        var next = await daemon.TrainAsync(Cancel);
        Assert.Equal(next.Id, (await daemon.RecallItemAsync("games-1", Cancel)).GenerationId);
    }

    [Theory]
    [MemberData(nameof(Servers))]
    public async Task Recall_WhenRedisDies_GoesOn(string kind)
    {
        await using var redis = await StartAsync(kind);
        await using var daemon = await DaemonAsync(redis);
        await daemon.LearnShoppingAsync(Cancel);
        await daemon.RecallItemAsync("games-1", Cancel);

        await redis.StopAsync();
        foreach (var department in ShoppingWorld.Departments)
            for (var item = 0; item < ShoppingWorld.ItemsPerDepartment; item++)
                Assert.Equal(10, (await daemon.RecallItemAsync(ShoppingWorld.Item(department, item), Cancel)).Candidates.Count);
        Assert.True(await daemon.ReadyAsync("RecallService", Cancel));
    }

    [Fact]
    public async Task Start_WithoutItsRedis_TakesEventsAndAnswers()
    {
        // Nothing listens here, and nothing ever did.
        await using var daemon = await DaemonProcess.StartAsync(
            _data.FullPath, Cancel, [.. ShoppingWorld.Settings, $"--EmbeddingGrpc:Redis:Configuration=!{_data.FullPath}.sock"]);
        await daemon.LearnShoppingAsync(Cancel);
        Assert.Equal(AnswerSource.Search, (await daemon.RecallItemAsync("tools-1", Cancel)).Source);
        Assert.Equal(AnswerSource.Memory, (await daemon.RecallItemAsync("tools-1", Cancel)).Source);
    }

    private static async Task<IRespServer> StartAsync(string kind) => kind == "embedded" ? new EmbeddedRespServer() : await RedisServerProcess.StartAsync(Cancel);

    private Task<DaemonProcess> DaemonAsync(IRespServer redis, params string[] settings) => DaemonProcess.StartAsync(
        _data.FullPath,
        Cancel,
        [
            .. ShoppingWorld.Settings,
            $"--EmbeddingGrpc:Redis:Configuration={redis.Configuration}",
            // So long that no machine is too slow: what is tested is where answers come from, not how fast.
            "--EmbeddingGrpc:Redis:LookupBudget=00:00:05",
            "--EmbeddingGrpc:Redis:SkipWhenSlower=false",
            "--EmbeddingGrpc:Recall:Cache:MemoryTimeToLive=00:10:00",
            .. settings,
        ]);

    /// <summary>Answers are written behind the caller's back: waits until there is one.</summary>
    private static async Task WaitForKeysAsync(IRespServer redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Configuration);
        var database = connection.GetDatabase();
        await Eventually.TrueAsync("an answer is in Redis", async () => (long)await database.ExecuteAsync("DBSIZE") > 0, Cancel);
    }
}

using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class RedisStoreTests : IDisposable
{
    private static readonly RecallCacheKey Key =
        new RecallCacheKeys(new RecallOptions(), new RecallCacheOptions()).For("default", 1, new RecallQuery { Subject = new ItemSubject("a") }, 0, 0, 0)!;

    private readonly TestMetrics _metrics = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task SetThenGet_EmbeddedServer_KeepsTheBytesForTheirTime()
    {
        using var redis = new EmbeddedRedis();
        await using var store = Start(redis.EndPoint);
        await Eventually.UntilAsync(() => store.IsConnected);
        Assert.Null(await store.GetAsync("k"));

        await store.SetAsync("k", [1, 2, 3], TimeSpan.FromMinutes(1));
        Assert.Equal([1, 2, 3], await store.GetAsync("k"));

        await store.SetAsync("short", [1], TimeSpan.FromMilliseconds(1));
        await Eventually.UntilAsync(async () => await store.GetAsync("short") is null);
    }

    [Fact]
    public async Task SetThenGet_RealServerWithPassword_Works()
    {
        await using var redis = RedisServerProcess.Start("--requirepass", "secret");
        await using var store = Start($"{redis.EndPoint},password=secret");
        await Eventually.UntilAsync(() => store.IsConnected);

        await store.SetAsync("k", [1, 2, 3], TimeSpan.FromMinutes(1));
        Assert.Equal([1, 2, 3], await store.GetAsync("k"));
    }

    [Fact]
    public async Task TryGet_RealServerWithWrongPassword_IsAMiss()
    {
        await using var redis = RedisServerProcess.Start("--requirepass", "secret");
        await using var store = Start($"{redis.EndPoint},password=wrong");
        var level = LevelOver(store);
        for (var i = 0; i < 20; i++)
        {
            level.Set(Key, new byte[] { 1 });
            Assert.Null(await level.TryGetAsync(Key, Cancelled));
        }

        Assert.Equal(0, _metrics.Metrics.RedisHits);
    }

    [Fact]
    public async Task TryGet_NobodyListens_IsAMissAndStartIsNotHeldUp()
    {
        await using var store = Start("!/nonexistent/redis.sock");
        var level = LevelOver(store);

        Assert.False(store.IsConnected);
        Assert.Null(await level.TryGetAsync(Key, Cancelled));
    }

    [Fact]
    public async Task TryGet_ServerKilledAndStartedAgain_MissesMeanwhileAndHitsAfterwards()
    {
        await using var redis = RedisServerProcess.Start();
        await using var store = Start(redis.EndPoint);
        var level = LevelOver(store);
        await UntilHitAsync(level);

        await redis.KillAsync();
        for (var i = 0; i < 100; i++)
        {
            level.Set(Key, new byte[] { 1 });
            Assert.Null(await level.TryGetAsync(Key, Cancelled));
        }

        redis.StartAgain();
        await UntilHitAsync(level);
    }

    [Fact]
    public async Task TryGet_ServerPaused_MissesWithinTheBudgetAndHitsWhenItGoesOn()
    {
        await using var redis = RedisServerProcess.Start();
        await using var store = Start(redis.EndPoint);
        // Once open, its circuit stays open for the test, however slow the machine is: no probe is counted among the failures.
        var level = LevelOver(store, Options with { FirstPause = TimeSpan.FromHours(1), LongestPause = TimeSpan.FromHours(1) });
        await UntilHitAsync(level);

        redis.Pause();
        try
        {
            // A hundred lookups wait for a handful of budgets, not for a hundred: the circuit opens.
            for (var i = 0; i < 100; i++) Assert.Null(await level.TryGetAsync(Key, Cancelled));
            Assert.InRange(_metrics.Count("embeddinggrpc.recall.cache.redis.failures", "reason", "timeout"), 1, Options.FailuresToOpen);
        }
        finally
        {
            redis.Resume();
        }

        await UntilHitAsync(LevelOver(store));
    }

    [Fact]
    public async Task TryGet_ServerFull_IsAMissAndTheServerStaysInUse()
    {
        await using var redis = RedisServerProcess.Start("--maxmemory", "1", "--maxmemory-policy", "noeviction");
        await using var store = Start(redis.EndPoint);
        var level = LevelOver(store);
        await Eventually.UntilAsync(() => store.IsConnected);
        for (var i = 0; i < 2 * Options.FailuresToOpen; i++) level.Set(Key, new byte[] { 1 });
        await Eventually.UntilAsync(() => _metrics.Count("embeddinggrpc.recall.cache.redis.failures", "reason", "write") == 2 * Options.FailuresToOpen);

        Assert.Null(await level.TryGetAsync(Key, Cancelled));
        Assert.Equal(1, _metrics.Count("embeddinggrpc.recall.cache.misses", "level", "redis"));
    }

    private static RedisOptions Options { get; } = new()
    {
        InstancePrefix = "test",
        FailuresToOpen = 3,
        FirstPause = TimeSpan.FromMilliseconds(50),
        LookupBudget = TimeSpan.FromMilliseconds(200),
    };

    private static RedisStore Start(string configuration)
    {
        var store = new RedisStore(Options with { Configuration = $"{configuration},connectTimeout=500" }, TimeProvider.System, NullLogger<RedisStore>.Instance);
        Assert.True(store.StartAsync(Cancelled).IsCompleted);
        return store;
    }

    private RemoteLevel LevelOver(RedisStore store, RedisOptions? options = null) =>
        new(store, options ?? Options, new RecallCacheOptions(), TimeProvider.System, _metrics.Metrics, NullLogger<RemoteLevel>.Instance);

    private static Task UntilHitAsync(RemoteLevel level) => Eventually.UntilAsync(async () =>
    {
        level.Set(Key, new byte[] { 1, 2, 3 });
        return await level.TryGetAsync(Key, Cancelled) is not null;
    });
}

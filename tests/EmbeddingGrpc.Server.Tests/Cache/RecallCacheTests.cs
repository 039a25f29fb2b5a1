using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class RecallCacheTests : IDisposable
{
    private static readonly byte[] Body = [1, 2, 3];
    private static readonly RecallCacheKey Key =
        new RecallCacheKeys(new RecallOptions(), new RecallCacheOptions()).For("default", 1, new RecallQuery { Subject = new ItemSubject("a") }, 0, 0, 0)!;

    private readonly FakeTimeProvider _time = new();
    private readonly TestMetrics _metrics = new();
    private readonly FakeRemoteStore _store = new();
    private readonly MemoryLevel _memory;
    private readonly RecallCache _cache;

    public RecallCacheTests()
    {
        var options = new RecallCacheOptions();
        _memory = new MemoryLevel(options, _time, _metrics.Metrics);
        _cache = new RecallCache(_memory, MakeRemote(), _time);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _memory.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task GetOrSearch_First_SearchesAndFillsBothLevels()
    {
        var answer = await _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, Cancelled);

        Assert.Equal(AnswerOrigin.Search, answer.Origin);
        Assert.True(_cache.TryGet(Key, out var again, out _));
        Assert.Equal(AnswerOrigin.Memory, again.Origin);
        Assert.Equal(Body, again.Body.ToArray());
        Assert.Equal(1, _store.Writes);
    }

    [Fact]
    public async Task GetOrSearch_AnswerOfAnotherDaemon_ComesFromRedisAndThenFromMemory()
    {
        MakeRemote().Set(Key, Body);

        var answer = await _cache.GetOrSearchAsync(Key, 0, (_, _) => throw new InvalidOperationException("must not search"), isHot: false, Cancelled);

        Assert.Equal((AnswerOrigin.Redis, 1), (answer.Origin, _metrics.Metrics.RedisHits));
        Assert.Equal(Body, answer.Body.ToArray());
        Assert.True(_cache.TryGet(Key, out _, out _));
    }

    [Fact]
    public async Task GetOrSearch_WithoutRedis_Works()
    {
        var cache = new RecallCache(_memory, remote: null, _time);
        Assert.Equal(AnswerOrigin.Search, (await cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, Cancelled)).Origin);
        Assert.True(cache.TryGet(Key, out _, out _));
    }

    [Fact]
    public async Task GetOrSearch_ManyAtOnce_SearchOnce()
    {
        var lookup = new TaskCompletionSource<byte[]?>();
        _store.InsteadOfGet = () => lookup.Task;
        var searches = 0;
        var calls = Enumerable.Range(0, 50).Select(_ => _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Count(ref searches)), isHot: false, Cancelled).AsTask()).ToArray();

        lookup.SetResult(null);
        var answers = await Task.WhenAll(calls);

        Assert.Equal((1, 1), (searches, _store.Lookups));
        Assert.All(answers, answer => Assert.Equal(Body, answer.Body.ToArray()));
    }

    [Fact]
    public async Task GetOrSearch_LeaderGivesUp_FollowersGoOn()
    {
        var lookup = new TaskCompletionSource<byte[]?>();
        _store.InsteadOfGet = () => lookup.Task;
        using var leaderGivesUp = new CancellationTokenSource();
        var leader = _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, leaderGivesUp.Token).AsTask();
        var follower = _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, Cancelled).AsTask();

        _store.InsteadOfGet = null;
        await leaderGivesUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leader);
        Assert.Equal(Body, (await follower).Body.ToArray());
    }

    [Fact]
    public async Task GetOrSearch_FollowerGivesUp_LeaderGoesOn()
    {
        var lookup = new TaskCompletionSource<byte[]?>();
        _store.InsteadOfGet = () => lookup.Task;
        using var followerGivesUp = new CancellationTokenSource();
        var leader = _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, Cancelled).AsTask();
        var follower = _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, followerGivesUp.Token).AsTask();

        await followerGivesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => follower);
        lookup.SetResult(null);

        Assert.Equal(Body, (await leader).Body.ToArray());
    }

    [Fact]
    public async Task GetOrSearch_SearchFails_FailsItsCallersAndIsNotKept()
    {
        var lookup = new TaskCompletionSource<byte[]?>();
        _store.InsteadOfGet = () => lookup.Task;
        var leader = _cache.GetOrSearchAsync(Key, 0, (_, _) => throw new InvalidDataException("broken"), isHot: false, Cancelled).AsTask();
        var follower = _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, Cancelled).AsTask();
        lookup.SetResult(null);

        await Assert.ThrowsAsync<InvalidDataException>(() => leader);
        await Assert.ThrowsAsync<InvalidDataException>(() => follower);
        Assert.False(_cache.TryGet(Key, out _, out _));
        Assert.Equal(Body, (await _cache.GetOrSearchAsync(Key, 0, (_, _) => ValueTask.FromResult(Body), isHot: false, Cancelled)).Body.ToArray());
    }

    private static byte[] Count(ref int searches)
    {
        Interlocked.Increment(ref searches);
        return Body;
    }

    private RemoteLevel MakeRemote() =>
        new(_store, new RedisOptions(), new RecallCacheOptions(), _time, _metrics.Metrics, NullLogger<RemoteLevel>.Instance);
}

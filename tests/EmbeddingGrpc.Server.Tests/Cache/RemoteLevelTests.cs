using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class RemoteLevelTests : IDisposable
{
    private const string Failures = "embeddinggrpc.recall.cache.redis.failures";

    private static readonly RecallCacheKeys Keys = new(new RecallOptions(), new RecallCacheOptions());
    private static readonly RedisOptions Options = new() { InstancePrefix = "test", FailuresToOpen = 3, MaximumPendingWrites = 2 };
    private static readonly RecallCacheKey Key = KeyOf(new ItemSubject("a"));

    private readonly FakeTimeProvider _time = new();
    private readonly TestMetrics _metrics = new();
    private readonly FakeRemoteStore _store = new();
    private readonly RemoteLevel _level;

    public RemoteLevelTests() =>
        _level = new RemoteLevel(_store, Options, new RecallCacheOptions(), _time, _metrics.Metrics, NullLogger<RemoteLevel>.Instance);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task TryGet_WhatWasSet_GivesItAndCountsAHit()
    {
        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        _level.Set(Key, new byte[] { 1, 2, 3 });

        Assert.Equal([1, 2, 3], (await _level.TryGetAsync(Key, Cancelled))!);
        Assert.Equal(1, _metrics.Metrics.RedisHits);
        Assert.Equal(1, _metrics.Count("embeddinggrpc.recall.cache.hits", "level", "redis"));
        Assert.Equal(1, _metrics.Count("embeddinggrpc.recall.cache.misses", "level", "redis"));
    }

    [Fact]
    public void Set_Key_BeginsWithTheInstancePrefix()
    {
        _level.Set(Key, new byte[] { 1 });
        Assert.Equal([$"test:recall:{Key}"], _store.Keys);
    }

    [Fact]
    public async Task UserAnswers_NeverLeaveTheProcess()
    {
        var user = KeyOf(new UserSubject("somebody"));
        _level.Set(user, new byte[] { 1 });

        Assert.Null(await _level.TryGetAsync(user, Cancelled));
        Assert.Equal((0, 0), (_store.Lookups, _store.Writes));
    }

    [Fact]
    public async Task TryGet_NotConnected_AsksNobody()
    {
        _store.IsConnected = false;
        _level.Set(Key, new byte[] { 1 });

        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        Assert.Equal((0, 0), (_store.Lookups, _store.Writes));
    }

    [Fact]
    public async Task TryGet_StoreThatNeverAnswers_IsAMissWhenTheBudgetIsSpent()
    {
        _store.InsteadOfGet = () => new TaskCompletionSource<byte[]?>().Task;
        var lookup = _level.TryGetAsync(Key, Cancelled).AsTask();

        _time.Advance(Options.LookupBudget - TimeSpan.FromTicks(1));
        Assert.False(lookup.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(await lookup);
        Assert.Equal(1, _metrics.Count(Failures, "reason", "timeout"));
    }

    [Fact]
    public async Task TryGet_StoreThatThrows_IsAMiss()
    {
        _store.InsteadOfGet = () => throw new InvalidOperationException("no");
        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        _store.InsteadOfGet = () => Task.FromException<byte[]?>(new TimeoutException("late"));
        Assert.Null(await _level.TryGetAsync(Key, Cancelled));

        Assert.Equal((1, 1), (_metrics.Count(Failures, "reason", "error"), _metrics.Count(Failures, "reason", "timeout")));
    }

    [Fact]
    public async Task TryGet_ValueThatIsNoAnswer_IsAMiss()
    {
        _level.Set(Key, new byte[] { 1 });
        _store.Corrupt(_store.Keys.Single());

        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        Assert.Equal((1, 0), (_metrics.Count(Failures, "reason", "corrupt"), _metrics.Metrics.RedisHits));
    }

    [Fact]
    public async Task TryGet_CallerGivesUp_Throws()
    {
        using var caller = new CancellationTokenSource();
        _store.InsteadOfGet = () => new TaskCompletionSource<byte[]?>().Task;
        var lookup = _level.TryGetAsync(Key, caller.Token).AsTask();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lookup);
    }

    [Fact]
    public async Task TryGet_AfterFailuresInARow_LeavesTheStoreAlone()
    {
        await FailUntilOpenAsync();
        for (var i = 0; i < 10; i++) Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        _level.Set(Key, new byte[] { 1 });

        Assert.Equal((Options.FailuresToOpen, 0), (_store.Lookups, _store.Writes));
    }

    [Fact]
    public async Task TryGet_StoreRecovered_IsUsedAgainAfterAProbeThatNobodyWaitsFor()
    {
        await FailUntilOpenAsync();
        var answer = new TaskCompletionSource<byte[]?>();
        _store.InsteadOfGet = () => answer.Task;
        _time.Advance(Options.FirstPause);

        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        Assert.Equal(Options.FailuresToOpen + 1, _store.Lookups);
        answer.SetResult(null);
        _store.InsteadOfGet = null;
        _level.Set(Key, new byte[] { 7 });

        Assert.Equal([7], (await _level.TryGetAsync(Key, Cancelled))!);
    }

    [Fact]
    public async Task TryGet_ProbeThatFails_KeepsTheStoreAlone()
    {
        await FailUntilOpenAsync();
        _time.Advance(Options.FirstPause);
        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        _time.Advance(Options.FirstPause);
        Assert.Null(await _level.TryGetAsync(Key, Cancelled));

        Assert.Equal(Options.FailuresToOpen + 1, _store.Lookups);
        Assert.Equal(1, _metrics.Count(Failures, "reason", "probe"));
    }

    [Fact]
    public async Task Set_MoreWritesThanAllowed_DropsThemUntilOthersAreDone()
    {
        var writing = new TaskCompletionSource();
        _store.InsteadOfSet = () => writing.Task;
        for (var i = 0; i < 5; i++) _level.Set(Key, new byte[] { 1 });
        Assert.Equal((2, 3), (_store.Writes, _metrics.Count(Failures, "reason", "dropped")));

        _store.InsteadOfSet = () => Task.FromException(new InvalidOperationException("full"));
        writing.SetException(new InvalidOperationException("full"));
        while (_metrics.Count(Failures, "reason", "write") < 2) await Task.Yield();
        _level.Set(Key, new byte[] { 1 });
        Assert.Equal((3, 3), (_store.Writes, _metrics.Count(Failures, "reason", "dropped")));
    }

    [Fact]
    public async Task TryGet_StoreThatIsFullAndRefusesWrites_StillAnswers()
    {
        _level.Set(Key, new byte[] { 1 });
        _store.InsteadOfSet = () => Task.FromException(new InvalidOperationException("full"));
        for (var i = 0; i < 10; i++) _level.Set(KeyOf(new ItemSubject($"{i}")), new byte[] { 1 });

        Assert.NotNull(await _level.TryGetAsync(Key, Cancelled));
    }

    [Fact]
    public async Task TryGet_StoreSlowerThanSearches_IsPassedOverAndMeasuredBesideTheCallsUntilItIsFast()
    {
        _level.Set(Key, new byte[] { 1 });
        await LookUpSlowlyAsync(100);
        for (var i = 0; i < 100; i++) _level.Searched(RecallKind.Item, TimeSpan.FromMicroseconds(100));
        var lookups = _store.Lookups;
        Assert.Null(await _level.TryGetAsync(Key, Cancelled));
        _level.Set(KeyOf(new ItemSubject("b")), new byte[] { 2 });
        Assert.Equal((lookups, 1), (_store.Lookups, _store.Writes));
        Assert.Equal(1, _metrics.Total("embeddinggrpc.recall.cache.redis.skipped"));

        _store.InsteadOfGet = null;
        for (var measured = 0; await _level.TryGetAsync(Key, Cancelled) is null; measured++)
        {
            Assert.InRange(measured, 0, 100);
            _time.Advance(Options.MeasureInterval);
        }

        Assert.InRange(_store.Lookups - lookups, 2, 50);
    }

    /// <summary>Lookups that take a millisecond of the test's clock.</summary>
    private async Task LookUpSlowlyAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var answer = new TaskCompletionSource<byte[]?>();
            _store.InsteadOfGet = () => answer.Task;
            var lookup = _level.TryGetAsync(Key, Cancelled).AsTask();
            _time.Advance(TimeSpan.FromMilliseconds(1));
            answer.SetResult(null);
            await lookup;
        }
    }

    private async Task FailUntilOpenAsync()
    {
        _store.InsteadOfGet = () => Task.FromException<byte[]?>(new InvalidOperationException("no"));
        for (var i = 0; i < Options.FailuresToOpen; i++) await _level.TryGetAsync(Key, Cancelled);
    }

    private static RecallCacheKey KeyOf(RecallSubject subject) => Keys.For("default", 1, new RecallQuery { Subject = subject }, 0, 0, 0)!;
}

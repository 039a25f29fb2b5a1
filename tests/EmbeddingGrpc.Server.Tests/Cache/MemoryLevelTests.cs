using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class MemoryLevelTests : IDisposable
{
    private static readonly RecallCacheKeys Keys = new(new RecallOptions(), new RecallCacheOptions());

    private readonly FakeTimeProvider _time = new();
    private readonly TestMetrics _metrics = new();

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void TryGet_WhatWasSet_GivesItAndCountsAHit()
    {
        using var level = Make(new RecallCacheOptions());
        Assert.False(level.TryGet(KeyOf(1), out _, out _));
        level.Set(KeyOf(1), new byte[] { 1, 2, 3 });

        Assert.True(level.TryGet(KeyOf(1), out var body, out _));
        Assert.Equal([1, 2, 3], body.ToArray());
        Assert.False(level.TryGet(KeyOf(2), out _, out _));
        Assert.Equal(1, _metrics.Metrics.MemoryHits);
        Assert.Equal(2, _metrics.Count("embeddinggrpc.recall.cache.misses", "level", "memory"));
    }

    [Fact]
    public void TryGet_AnswerThatLiveStateTookPartIn_IsGoneAfterItsLifeHoweverOftenItIsAsked()
    {
        var options = new RecallCacheOptions { MemoryTimeToLive = TimeSpan.FromSeconds(10), TimeToLiveJitter = 0.2 };
        using var level = Make(options);
        var key = Keys.For("default", 1, new RecallQuery { Subject = new SessionSubject([new SessionEntry("a")]) }, 0, 0, 0)!;
        level.Set(key, new byte[] { 1 });

        _time.Advance(TimeSpan.FromSeconds(7.9));
        Assert.True(level.TryGet(key, out _, out _));
        _time.Advance(TimeSpan.FromSeconds(4.2));
        Assert.False(level.TryGet(key, out _, out _));
    }

    [Fact]
    public void TryGet_AnswerToAnItemThatIsAskedAgainAndAgain_IsKeptTwentyTimesAsLong()
    {
        using var level = Make(new RecallCacheOptions { MemoryTimeToLive = TimeSpan.FromSeconds(10), TimeToLiveJitter = 0 });
        level.Set(KeyOf(1), new byte[] { 1 });
        for (var second = 9; second < 200; second += 9)
        {
            _time.Advance(TimeSpan.FromSeconds(9));
            Assert.True(level.TryGet(KeyOf(1), out _, out _));
        }

        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.False(level.TryGet(KeyOf(1), out _, out _));
    }

    [Fact]
    public void TryGet_AnswerToAnItemThatNobodyAskedForALifetime_IsGone()
    {
        using var level = Make(new RecallCacheOptions { MemoryTimeToLive = TimeSpan.FromSeconds(10), TimeToLiveJitter = 0 });
        level.Set(KeyOf(1), new byte[] { 1 });
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(level.TryGet(KeyOf(1), out _, out _));
        _time.Advance(TimeSpan.FromSeconds(10.1));
        Assert.False(level.TryGet(KeyOf(1), out _, out _));
    }

    [Fact]
    public void Set_ManyAnswers_StaysWithinItsBytes()
    {
        var options = new RecallCacheOptions { MemoryBytes = 100_000 };
        using var level = Make(options);
        for (var i = 0; i < 1000; i++) level.Set(KeyOf(i), new byte[500]);

        Assert.InRange(level.SizeBytes, 1, options.MemoryBytes);
    }

    [Fact]
    public void Set_HardlyAnyRoomLeft_KeepsWhatIsAskedTwiceOrKnownToBeHot()
    {
        using var level = Make(new RecallCacheOptions { MemoryBytes = 25_600_000 });
        // A 256th of it is free for all.
        for (var i = 0; i < 1000; i++) level.Set(KeyOf(i), new byte[1000]);
        Assert.InRange(level.SizeBytes, 100_000, 150_000);

        level.Set(KeyOf(2000), new byte[1000]);
        Assert.False(level.TryGet(KeyOf(2000), out _, out _));
        level.Set(KeyOf(2000), new byte[1000]);
        Assert.True(level.TryGet(KeyOf(2000), out _, out _));
        level.Set(KeyOf(3000), new byte[1000], isHot: true);
        Assert.True(level.TryGet(KeyOf(3000), out _, out _));
    }

    [Fact]
    public void TryGet_OfWhatIsMissing_TellsSoForItsTimeAndIsNoHit()
    {
        using var level = Make(new RecallCacheOptions { NegativeTimeToLive = TimeSpan.FromSeconds(2), TimeToLiveJitter = 0 });
        var missing = new MissingItem("a", "generation", "There is no 'a'.", 5);
        level.SetMissing(KeyOf(1), missing);

        Assert.False(level.TryGet(KeyOf(1), out _, out var told));
        Assert.Equal(missing, told);
        _time.Advance(TimeSpan.FromSeconds(2.1));
        Assert.False(level.TryGet(KeyOf(1), out _, out told));
        Assert.Null(told);
    }

    [Fact]
    public void SetMissing_TurnedOff_KeepsNothing()
    {
        using var level = Make(new RecallCacheOptions { NegativeTimeToLive = TimeSpan.Zero });
        level.SetMissing(KeyOf(1), new MissingItem("a", "generation", "There is no 'a'.", 5));
        Assert.False(level.TryGet(KeyOf(1), out _, out var told));
        Assert.Null(told);
    }

    [Fact]
    public void TryGet_WithNoBytes_NeverHits()
    {
        using var level = Make(new RecallCacheOptions { MemoryBytes = 0 });
        level.Set(KeyOf(1), new byte[] { 1 });

        Assert.False(level.TryGet(KeyOf(1), out _, out _));
        Assert.Equal(0, level.SizeBytes);
    }

    private MemoryLevel Make(RecallCacheOptions options) => new(options, _time, _metrics.Metrics);

    private static RecallCacheKey KeyOf(int item) => Keys.For("default", 1, new RecallQuery { Subject = new ItemSubject($"item-{item}") }, 0, 0, 0)!;
}

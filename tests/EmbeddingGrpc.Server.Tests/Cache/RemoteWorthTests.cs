using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class RemoteWorthTests
{
    private static readonly TimeSpan Fast = TimeSpan.FromMicroseconds(50);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(1);

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void IsWorthAsking_LookupsFasterThanSearches_Is()
    {
        var worth = Measured(lookup: Fast, search: Slow);
        Assert.True(worth.IsWorthAsking(RecallKind.Item));
    }

    [Fact]
    public void IsWorthAsking_LookupsSlowerThanSearchesOfAKind_IsNotForThatKind()
    {
        var worth = Measured(lookup: Slow, search: Fast);
        for (var i = 0; i < 100; i++) worth.Searched(RecallKind.Session, 2 * Slow);

        Assert.False(worth.IsWorthAsking(RecallKind.Item));
        Assert.True(worth.IsWorthAsking(RecallKind.Session));
    }

    [Fact]
    public void IsWorthAsking_TooLittleMeasured_IsTried()
    {
        var worth = new RemoteWorth(new RedisOptions(), _time);
        for (var i = 0; i < 10; i++)
        {
            worth.Looked(Slow);
            worth.Searched(RecallKind.Item, Fast);
        }

        Assert.True(worth.IsWorthAsking(RecallKind.Item));
    }

    [Fact]
    public void IsWorthAsking_TurnedOff_IsAlways()
    {
        var worth = Measured(lookup: Slow, search: Fast, new RedisOptions { SkipWhenSlower = false });
        Assert.True(worth.IsWorthAsking(RecallKind.Item));
    }

    [Fact]
    public void TryBeginMeasuring_OncePerInterval_AndAStoreThatBecameFastIsAskedAgain()
    {
        var options = new RedisOptions { MeasureInterval = TimeSpan.FromSeconds(1) };
        var worth = Measured(lookup: Slow, search: Fast, options);
        Assert.False(worth.TryBeginMeasuring());

        var measured = 0;
        for (; !worth.IsWorthAsking(RecallKind.Item); measured++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal((true, false), (worth.TryBeginMeasuring(), worth.TryBeginMeasuring()));
            worth.Measured(Fast / 2);
        }

        Assert.InRange(measured, 1, 20);
    }

    private RemoteWorth Measured(TimeSpan lookup, TimeSpan search, RedisOptions? options = null)
    {
        var worth = new RemoteWorth(options ?? new RedisOptions(), _time);
        for (var i = 0; i < 200; i++)
        {
            worth.Looked(lookup);
            worth.Searched(RecallKind.Item, search);
        }

        return worth;
    }
}

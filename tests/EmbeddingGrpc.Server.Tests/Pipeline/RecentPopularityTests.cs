using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class RecentPopularityTests
{
    private const long Start = 1_700_000_000_000;

    private readonly ManualTime _time = new();
    private readonly ItemCounters _counters = new(TimeSpan.FromDays(1));
    private long _offset;

    [Fact]
    public void Top_WithinASecond_IsTheSameRankingAndThenANewOne()
    {
        var popularity = Popularity();
        Count(1, InteractionType.Click);
        var first = popularity.Top();
        Count(2, InteractionType.Click);
        Assert.Same(first, popularity.Top());

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1, 2], popularity.Top().Select(item => item.Item.Value).Order());
    }

    [Fact]
    public void Top_TypesAndTimes_AreWeighedAndDecayed()
    {
        var popularity = Popularity();
        for (var i = 0; i < 3; i++) Count(1, InteractionType.View);
        Count(2, InteractionType.Purchase);
        Count(2, InteractionType.Dislike);
        Count(3, InteractionType.View, days: 2);

        // Two days later the views of item 1 count 3 / 4, the purchase 5 / 4.
        Assert.Equal([(2, 1.25), (3, 1.0), (1, 0.75)], popularity.Top().Select(item => (item.Item.Value, Math.Round(item.Weight, 6))));
    }

    [Fact]
    public void Signals_Items_AreTheSharesOfTheLogarithm()
    {
        var popularity = Popularity();
        for (var i = 0; i < 7; i++) Count(1, InteractionType.View);
        Count(2, InteractionType.View);

        Assert.Equal(1, popularity.Signals().Of(new ItemKey(1)), 1e-6f);
        Assert.Equal(Math.Log(2) / Math.Log(8), popularity.Signals().Of(new ItemKey(2)), 1e-6);
        Assert.Equal(0, popularity.Signals().Of(new ItemKey(77)));
    }

    private RecentPopularity Popularity() => new(_counters, static type => type switch { InteractionType.Dislike => 0, InteractionType.Purchase => 5, _ => 1 }, _time);

    private void Count(int item, InteractionType type, int days = 0) =>
        _counters.Apply(new HistoryEvent(new ItemKey(item), type, Start + (days * 86_400_000L), 1f), new LogOffset(_offset++));

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}

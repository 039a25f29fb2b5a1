using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class ItemPopularityTests
{
    [Fact]
    public void Top_WithinASecond_IsTheSameRankingAndThenANewOne()
    {
        var time = new ManualTime();
        var counters = new ItemCounters(TimeSpan.FromDays(1));
        var popularity = new ItemPopularity(counters, time);
        Count(1, 0);
        var first = popularity.Top(InteractionType.Click);
        Count(2, 1);
        Assert.Same(first, popularity.Top(InteractionType.Click));

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1, 2], popularity.Top(InteractionType.Click).Select(item => item.Item.Value).Order());

        void Count(int item, long offset) => counters.Apply(new HistoryEvent(new ItemKey(item), InteractionType.Click, 1_700_000_000_000, 1f), new LogOffset(offset));
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}

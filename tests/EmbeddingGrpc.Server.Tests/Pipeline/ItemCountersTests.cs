using CsCheck;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class ItemCountersTests
{
    private const long Start = 1_700_000_000_000;
    private static readonly TimeSpan HalfLife = TimeSpan.FromHours(1);

    [Fact]
    public void WeightOf_AnyInteractionsInAnyOrder_IsTheSumOfWhatEachWeighsByTheModelClock() =>
        Gen.Select(Gen.Int[0, 5], Gen.Int[1, 7], Gen.Long[-3_000_000_000, 3_000_000_000], Gen.Float[0, 10]).Array[1, 200].Sample(
            interactions =>
            {
                var counters = new ItemCounters(HalfLife);
                for (var i = 0; i < interactions.Length; i++) counters.Apply(Event(interactions[i]), new LogOffset(i));

                var clock = interactions.Max(i => i.Item3);
                Assert.Equal(Start + clock, counters.ClockMs);
                for (var item = 0; item <= 5; item++)
                {
                    for (var type = 1; type <= 7; type++)
                    {
                        var expected = interactions.Where(i => i.Item1 == item && i.Item2 == type)
                            .Sum(i => i.Item4 * Math.Pow(2, (i.Item3 - clock) / HalfLife.TotalMilliseconds));
                        Assert.Equal(expected, counters.WeightOf(new ItemKey(item), (InteractionType)type), 1e-9 * (1 + expected));
                    }
                }
            },
            iter: 300);

    [Fact]
    public void WeightOf_HalfLivesBeyondTheRangeOfADouble_StaysFiniteAndRight()
    {
        var counters = new ItemCounters(HalfLife);
        var hour = (long)HalfLife.TotalMilliseconds;
        for (var i = 0; i < 5000; i++) counters.Apply(Event((0, 1, i * hour, 1f)), new LogOffset(i));
        // 1 + 1/2 + 1/4 + ...
        Assert.Equal(2, counters.WeightOf(new ItemKey(0), InteractionType.Impression), 1e-9);
    }

    [Fact]
    public void Apply_InteractionThatIsCountedAlready_IsPassedOver()
    {
        var counters = new ItemCounters(HalfLife);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 10; i++) counters.Apply(Event((i % 3, 2, 0, 1f)), new LogOffset(i));
        }

        Assert.Equal(10, Enumerable.Range(0, 3).Sum(item => counters.WeightOf(new ItemKey(item), InteractionType.View)), 1e-9);
    }

    [Fact]
    public void Top_ManyItems_AreRankedByDecayedWeightOfTheType()
    {
        var counters = new ItemCounters(HalfLife);
        var random = new Random(3);
        for (var i = 0; i < 20_000; i++) counters.Apply(Event((random.Next(9000), 1 + random.Next(7), random.Next(10_000_000), random.NextSingle())), new LogOffset(i));

        var top = counters.Top(InteractionType.Purchase, 50);
        var expected = Enumerable.Range(0, 9000).Select(item => counters.WeightOf(new ItemKey(item), InteractionType.Purchase)).OrderDescending().Take(50);
        Assert.Equal(expected, top.Select(item => item.Weight));
        Assert.All(top, item => Assert.Equal(item.Weight, counters.WeightOf(item.Item, InteractionType.Purchase)));
    }

    [Fact]
    public void Top_NothingOfTheType_IsEmpty()
    {
        var counters = new ItemCounters(HalfLife);
        counters.Apply(Event((1, 2, 0, 1f)), new LogOffset(0));
        Assert.Empty(counters.Top(InteractionType.Purchase, 10));
    }

    [Fact]
    public async Task WeightOf_WhileTheWriterCountsAndRescales_IsNeverTorn()
    {
        var counters = new ItemCounters(HalfLife);
        using var stop = new CancellationTokenSource();
        counters.Apply(Event((0, 1, 0, 1f)), new LogOffset(0));
        var reader = Task.Run(
            () =>
            {
                var reads = 0;
                while (!stop.IsCancellationRequested)
                {
                    // One interaction a half-life sums up to less than 2. A reader that was held up sees the clock run on, so it may see less.
                    Assert.InRange(counters.WeightOf(new ItemKey(0), InteractionType.Impression), 0, 2);
                    reads++;
                }

                return reads;
            },
            TestContext.Current.CancellationToken);
        for (var i = 1; i < 300_000; i++) counters.Apply(Event((0, 1, i * (long)HalfLife.TotalMilliseconds, 1f)), new LogOffset(i));
        await stop.CancelAsync();
        Assert.True(await reader > 0);
    }

    private static HistoryEvent Event((int Item, int Type, long Time, float Weight) e) =>
        new(new ItemKey(e.Item), (InteractionType)e.Type, Start + e.Time, e.Weight);
}

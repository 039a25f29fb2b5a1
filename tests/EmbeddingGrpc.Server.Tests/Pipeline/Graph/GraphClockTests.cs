using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Graph;

public sealed class GraphClockTests
{
    private const long Day = 86_400_000;

    [Fact]
    public void WeightAt_AHalfLifeLater_CountsTwice()
    {
        var clock = new GraphClock(TimeSpan.FromDays(1));
        var first = clock.WeightAt(5 * Day);

        Assert.Equal(2 * first, clock.WeightAt(6 * Day));
        Assert.Equal(first / 4, clock.WeightAt(3 * Day));
        Assert.Equal(6 * Day, clock.LatestMs);
    }

    [Fact]
    public void WeightAt_HoweverLate_StaysInTheRangeOfAFloat()
    {
        var clock = new GraphClock(TimeSpan.FromDays(1));
        for (var day = 0; day < 5000; day += 7)
        {
            var (epoch, weight) = (clock.Epoch, clock.WeightAt(day * Day));
            Assert.InRange(weight, 1f, 2e19f);
            // What was counted before has its weight in the new unit.
            Assert.Equal(Math.Pow(2, (epoch - clock.Epoch) * 64.0), GraphClock.Factor(epoch, clock.Epoch));
        }
    }

    [Fact]
    public void Restore_SameHalfLife_GoesOnInTheSameUnit()
    {
        var clock = new GraphClock(TimeSpan.FromDays(1));
        clock.WeightAt(0);
        clock.WeightAt(100 * Day);
        var restored = new GraphClock(TimeSpan.FromDays(1));

        Assert.Equal(1, restored.Restore(clock.HalfLife, clock.OriginMs, clock.LatestMs, clock.Epoch));
        Assert.Equal(clock.WeightAt(101 * Day), restored.WeightAt(101 * Day));
    }
}

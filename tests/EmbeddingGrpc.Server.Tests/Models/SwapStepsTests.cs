using EmbeddingGrpc.Server.Models;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class SwapStepsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly LongestRecall _recalls = new();

    [Fact]
    public void Serves_AllSteps_AreTimedOneAfterTheOther()
    {
        var times = Swap(() => _recalls.Took(TimeSpan.FromMilliseconds(7)));

        Assert.Equal(new SwapTimes(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(4), TimeSpan.FromMilliseconds(7)), times);
        Assert.Equal(TimeSpan.FromSeconds(10), times.Total);
        Assert.Equal("10.000 s: opened in 1.000, warmed up in 2.000, folded in in 3.000, pointed at in 4.000; the longest recall meanwhile 0.0070 s", times.ToString());
    }

    [Fact]
    public void Serves_NoRecallMeanwhile_TellsOfNoneThatWasBefore()
    {
        _recalls.Took(TimeSpan.FromSeconds(5));

        var times = Swap(() => { });

        Assert.Equal(TimeSpan.Zero, times.LongestRecall);
        Assert.EndsWith("no recalls meanwhile", times.ToString(), StringComparison.Ordinal);
    }

    private SwapTimes Swap(Action meanwhile)
    {
        var steps = new SwapSteps(_time, _recalls);
        _time.Advance(TimeSpan.FromSeconds(1));
        steps.Opened();
        meanwhile();
        _time.Advance(TimeSpan.FromSeconds(2));
        steps.Warmed();
        _time.Advance(TimeSpan.FromSeconds(3));
        steps.CaughtUp();
        _time.Advance(TimeSpan.FromSeconds(4));
        return steps.Serves();
    }
}

using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class TimeCutTests
{
    [Fact]
    public void Find_TenTimes_CutsOffTheNewestTenth()
    {
        var cut = TimeCut.Find(At(5, 1, 9, 3, 2, 8, 4, 10, 6, 7), 0.1, 1, seed: 1);

        Assert.Equal(new TimeCut(10, 9, 1), cut);
    }

    [Fact]
    public void Find_ManyOfTheOldestTime_CutsBehindThem() => Assert.Equal(new TimeCut(2, 9, 1), TimeCut.Find(At(1, 1, 1, 1, 1, 1, 1, 1, 1, 2), 0.9, 1, seed: 1));

    [Theory]
    [InlineData(new long[0])]
    [InlineData(new long[] { 4, 4, 4 })]
    public void Find_NoPastOrNoFuture_IsNull(long[] times) => Assert.Null(TimeCut.Find(At(times), 0.5, 1, seed: 1));

    [Fact]
    public void Find_FewMayBeAskedFor_TakesAtMostTheirShare()
    {
        // 90 are known to the compared model; half of the ten others is less than a tenth of all.
        var interactions = Enumerable.Range(0, 100).Select(time => new TimedInteraction("u", "i", time, MayTest: time >= 90)).ToArray();

        var cut = TimeCut.Find(interactions, 0.1, mostOfTestable: 0.5, seed: 1);

        Assert.Equal(new TimeCut(95, 95, 5), cut);
    }

    [Fact]
    public void Find_NothingMayBeAskedFor_IsNull() =>
        Assert.Null(TimeCut.Find([new TimedInteraction("u", "i", 1, MayTest: false), new TimedInteraction("u", "i", 2, MayTest: false)], 0.5, 1, seed: 1));

    private static TimedInteraction[] At(params long[] times) => [.. times.Select(time => new TimedInteraction("u", "i", time))];
}

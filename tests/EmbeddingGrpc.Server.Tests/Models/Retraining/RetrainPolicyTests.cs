using EmbeddingGrpc.Server.Models.Retraining;

namespace EmbeddingGrpc.Server.Tests.Models.Retraining;

public sealed class RetrainPolicyTests
{
    private static readonly RetrainOptions Never = new();

    [Fact]
    public void ReasonToTrain_NothingAskedFor_IsNever() => Assert.Null(RetrainPolicy.ReasonToTrain(Never, 0, long.MaxValue, TimeSpan.FromDays(1000)));

    [Theory]
    [InlineData(1099, false)]
    [InlineData(1100, true)]
    public void ReasonToTrain_AfterInteractions_WhenSoManyAreNew(long durable, bool trains) =>
        Assert.Equal(trains, RetrainPolicy.ReasonToTrain(Never with { AfterInteractions = 100 }, 1000, durable, TimeSpan.FromHours(1)) is not null);

    [Theory]
    [InlineData(1249, false)]
    [InlineData(1250, true)]
    public void ReasonToTrain_AfterFraction_WhenThatShareIsNew(long durable, bool trains) =>
        Assert.Equal(trains, RetrainPolicy.ReasonToTrain(Never with { AfterFraction = 0.25 }, 1000, durable, TimeSpan.FromHours(1)) is not null);

    [Fact]
    public void ReasonToTrain_AfterFractionBeforeTheFirstTraining_WithTheFirstInteraction() =>
        Assert.NotNull(RetrainPolicy.ReasonToTrain(Never with { AfterFraction = 0.25 }, 0, 1, TimeSpan.FromHours(1)));

    [Theory]
    [InlineData(59, false)]
    [InlineData(60, true)]
    public void ReasonToTrain_Every_WhenSoMuchTimeIsGone(int minutes, bool trains) =>
        Assert.Equal(trains, RetrainPolicy.ReasonToTrain(Never with { Every = TimeSpan.FromHours(1) }, 1000, 1001, TimeSpan.FromMinutes(minutes)) is not null);

    [Fact]
    public void ReasonToTrain_NothingNew_IsNeverWhateverTheTime() =>
        Assert.Null(RetrainPolicy.ReasonToTrain(new RetrainOptions { AfterInteractions = 1, AfterFraction = 0.01, Every = TimeSpan.FromSeconds(1) }, 1000, 1000, TimeSpan.FromDays(9)));

    [Fact]
    public void ReasonToTrain_SoonerThanAtMostEvery_Waits()
    {
        var options = new RetrainOptions { AfterInteractions = 1, AtMostEvery = TimeSpan.FromMinutes(10) };

        Assert.Null(RetrainPolicy.ReasonToTrain(options, 1000, 2000, TimeSpan.FromMinutes(9)));
        Assert.NotNull(RetrainPolicy.ReasonToTrain(options, 1000, 2000, TimeSpan.FromMinutes(10)));
    }
}

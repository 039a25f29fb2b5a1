namespace EmbeddingGrpc.Training.Tests;

public sealed class TrainingBudgetTests
{
    private const long Words = 1_000_000;

    private static readonly TrainingOptions Options = new() { Dimension = 96, Epochs = 20, MaximumSeconds = 100 };

    [Fact]
    public void Fit_EnoughTime_GivesUpNothing()
    {
        var plan = Fit(wordsPerSecondTimesDimension: 1e9);
        Assert.Equal((20.0, 96), (plan.Epochs, plan.Dimension));
        Assert.InRange(plan.TimeLimit.TotalSeconds, 90, 100);
    }

    [Fact]
    public void Fit_TimeForHalf_GivesUpEpochsOnly()
    {
        // 110 thousand words a second: eleven epochs in 100 s. The clock will stop it.
        var plan = Fit(96 * 110_000);
        Assert.Equal((20.0, 96), (plan.Epochs, plan.Dimension));
        Assert.InRange(plan.TimeLimit.TotalSeconds, 90, 99);
    }

    [Fact]
    public void Fit_TimeForTwoEpochs_GivesUpDimensionForThem()
    {
        var plan = Fit(96 * 24_000);
        Assert.InRange(plan.Dimension, 32, 64);
    }

    [Fact]
    public void Fit_TimeForLessThanAnEpoch_TakesTheSmallestDimension()
    {
        var plan = Fit(96 * 1_000);
        Assert.Equal(TrainingBudget.MinimumDimension, plan.Dimension);
    }

    [Fact]
    public void Fit_DimensionThatMustStay_GivesUpEpochsAlone()
    {
        var plan = TrainingBudget.Fit(Options, 96, Words, Words, threads: 1, (_, _) => 1_000);
        Assert.Equal(96, plan.Dimension);
    }

    [Fact]
    public void Fit_NothingMeasured_LeavesItToTheClock()
    {
        var plan = Fit(0);
        Assert.Equal((20.0, TrainingBudget.MinimumDimension), (plan.Epochs, plan.Dimension));
    }

    [Fact]
    public void Fit_SmoothingThatWouldTakeTooMuch_GivesItUp()
    {
        var hurried = Options with { MaximumSeconds = 1 };
        Assert.True(Fit(96 * 110_000).Smooths);
        Assert.False(TrainingBudget.Fit(hurried, 96, Words, 10 * Words, threads: 1, (_, _) => 1_000).Smooths);
        Assert.False(TrainingBudget.Fit(Options with { Smoothing = 0 }, 96, Words, Words, threads: 1, (_, _) => 1_000).Smooths);
    }

    [Fact]
    public void Fit_BudgetOfASecond_MeasuresLongEnoughAndLeavesTheRest()
    {
        var plan = TrainingBudget.Fit(Options with { MaximumSeconds = 1 }, 96, Words, Words, threads: 1, (_, time) =>
        {
            Assert.InRange(time.TotalSeconds, 0.05, 0.1);
            return 1e6;
        });
        Assert.InRange(plan.TimeLimit.TotalSeconds, 0.85, 0.95);
    }

    [Fact]
    public void Train_WithABudget_SaysWhatItGaveUp()
    {
        var corpus = TestCorpus.Clusters(20, 50, 5000, 20);
        var options = new TrainingOptions { Epochs = 10_000, Dimension = 32, Threads = 1, MaximumSeconds = 1 };
        using var trained = EmbeddingTrainer.Train(corpus, options, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(trained.Trade.GaveUp);
        Assert.InRange(trained.Trade.Epochs, 1e-6, 9_999);
        Assert.Equal(trained.WordsTrained, trained.Trade.Epochs * corpus.WordCount, 0.5);
    }

    private static TrainingPlan Fit(double wordsPerSecondTimesDimension) =>
        TrainingBudget.Fit(Options, TrainingBudget.MinimumDimension, Words, Words, threads: 1, (dimension, time) =>
        {
            Assert.InRange(time.TotalSeconds, 0.1, 5);
            return wordsPerSecondTimesDimension / dimension;
        });
}

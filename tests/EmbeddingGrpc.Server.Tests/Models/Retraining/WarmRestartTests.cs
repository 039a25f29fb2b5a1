using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Models.Retraining;
using EmbeddingGrpc.Server.Models.Settings;

namespace EmbeddingGrpc.Server.Tests.Models.Retraining;

/// <summary>Trainings of a real model that go on from what serves.</summary>
public sealed class WarmRestartTests : IDisposable
{
    private const int Users = 300;
    private const int ItemsOfCamp = 20;

    private readonly TemporaryDirectory _temporary = new();

    private static ModelOptions Warm { get; } = TestModel.SmallOptions with
    {
        Training = TestModel.SmallOptions.Training with { Epochs = 12 },
        // Within a camp there is no order: which of two trainings finds more of it is chance.
        Promotion = new PromotionOptions { MinimumQueries = 50, K = 10, Margin = 0.2 },
        Retrain = new RetrainOptions { FullEvery = 3, WarmWindow = 0, WarmReplay = 0.3 },
    };

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Train_FullEveryThree_GoesOnTwiceAndBeginsAnew()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Warm);
        var warmStarts = new List<double>();
        var shares = new List<double>();
        for (var training = 0; training < 4; training++)
        {
            await model.AppendAsync(Visits(training * Users));
            var outcome = await model.TrainAsync();
            Assert.True(outcome.Serves, outcome.Generation.Promotion!.Reason);
            warmStarts.Add(outcome.Generation.Metrics[GenerationMetrics.WarmStarts]);
            shares.Add(outcome.Generation.Metrics[GenerationMetrics.TrainingInteractions] / model.Runtime.Log.DurableOffset.Value);
        }

        Assert.Equal([0, 1, 2, 0], warmStarts);
        // It read all and learned some: what is new and three tenths of the rest.
        Assert.Equal((1.0, 1.0), (shares[0], shares[3]));
        Assert.InRange(shares[2], 0.3, 0.8);
    }

    [Fact]
    public async Task Train_WarmStart_KnowsEveryItemOfTheLogAndStaysInTheSpace()
    {
        var options = Warm with { Retrain = Warm.Retrain with { WarmReplay = 0 }, Training = Warm.Training with { Smoothing = 0 } };
        await using var model = await TestModel.OpenAsync(_temporary.Path, options);
        await model.AppendAsync(Visits(0).Append(new Interaction("someone", "old", InteractionType.Click, 1)).Append(new Interaction("someone", "camp0-1", InteractionType.Click, 2)));
        await model.TrainAsync();
        var before = VectorOf(model, "old");
        await model.AppendAsync(Visits(Users).Append(new Interaction("another", "new", InteractionType.Click, 1_700_000_009_000)));

        var outcome = await model.TrainAsync();

        Assert.Equal(1, outcome.Generation.Metrics[GenerationMetrics.WarmStarts]);
        // No session of it was learned again: its W1 is what it was.
        Assert.Equal(before, VectorOf(model, "old"));
        Assert.NotEmpty(VectorOf(model, "new"));
    }

    [Fact]
    public async Task Train_ToldToBeginAnew_DoesSo()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Warm);
        await model.AppendAsync(Visits(0));
        await model.TrainAsync();
        await model.AppendAsync(Visits(Users));

        var outcome = await model.Runtime.Training.Start(full: true).Completion.WaitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(0, outcome.Generation.Metrics[GenerationMetrics.WarmStarts]);
    }

    [Fact]
    public async Task Train_OptionsChanged_BeginsAnew()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Warm);
        await model.AppendAsync(Visits(0));
        await model.TrainAsync();
        await model.AppendAsync(Visits(Users));
        model.Runtime.Update(Warm with { Training = Warm.Training with { Window = 3 } });

        Assert.Equal(0, (await model.TrainAsync()).Generation.Metrics[GenerationMetrics.WarmStarts]);
    }

    [Fact]
    public async Task Train_WarmStartThatIsWorse_BeginsAnewInstead()
    {
        // Steps so large that the vectors are thrown about.
        await using var model = await TestModel.OpenAsync(_temporary.Path, Warm with { Retrain = Warm.Retrain with { WarmEpochs = 1, WarmRate = 100 } });
        await model.AppendAsync(Visits(0));
        await model.TrainAsync();
        await model.AppendAsync(Visits(Users));

        var outcome = await model.TrainAsync();

        Assert.Equal((0, PromotionVerdict.Promoted), (outcome.Generation.Metrics[GenerationMetrics.WarmStarts], outcome.Generation.Promotion!.Verdict));
        // The rejected warm start left nothing behind.
        Assert.Equal([2, 1], model.Runtime.StoredGenerations().Select(generation => generation.Number));
        Assert.Equal(outcome.Generation.Metrics[GenerationMetrics.TrainingInteractions], model.Runtime.Log.DurableOffset.Value);
    }

    [Theory]
    [InlineData(1, 0, 16, false)]
    [InlineData(2, 0, 16, true)]
    [InlineData(2, 1, 16, false)]
    [InlineData(3, 1, 16, true)]
    [InlineData(3, 0, 24, false)]
    public void For_ServingGeneration_DecidesByNumberAndDimension(int fullEvery, int warmStarts, int dimension, bool isWarm)
    {
        var options = Warm with { Retrain = Warm.Retrain with { FullEvery = fullEvery } };
        var serving = new GenerationInfo
        {
            Id = 1,
            Number = 1,
            CreateTime = default,
            TrainedOffset = new LogOffset(900),
            ItemCount = 10,
            Dimension = dimension,
            Metrics = new Dictionary<string, double> { [GenerationMetrics.WarmStarts] = warmStarts },
            Options = OptionText.ReadTrained(options),
        };

        var warm = WarmRestart.For(options, serving);

        Assert.Equal(isWarm, warm is not null);
        // Imported vectors were not made by this objective.
        Assert.Null(WarmRestart.For(options, serving with { Options = new Dictionary<string, string>() }));
    }

    [Theory]
    [InlineData(null, 0.3, true)]
    [InlineData(null, 0.0, false)]
    [InlineData(1.0, 0.3, true)]
    [InlineData(0.0, 0.3, false)]
    public void StartsSmoothed_ServingGeneration_IsWhatItsTrainingDidWhereThatIsKnown(double? written, double smoothing, bool expected)
    {
        var serving = new GenerationInfo
        {
            Id = 1,
            Number = 1,
            CreateTime = default,
            TrainedOffset = new LogOffset(900),
            ItemCount = 10,
            Dimension = 16,
            Metrics = written is { } value ? new Dictionary<string, double> { [GenerationMetrics.TrainingSmoothed] = value } : [],
        };
        Assert.Equal(expected, new WarmRestart(Warm with { Training = Warm.Training with { Smoothing = smoothing } }, serving).StartsSmoothed);
    }

    [Theory]
    [InlineData(0.0, 900)]
    [InlineData(0.05, 900)]
    [InlineData(0.5, 500)]
    [InlineData(1.0, 0)]
    public void WindowStart_Share_ReachesBackAtLeastToWhatIsNew(double window, long expected)
    {
        var options = Warm with { Retrain = Warm.Retrain with { WarmWindow = window } };
        var serving = new GenerationInfo { Id = 1, Number = 1, CreateTime = default, TrainedOffset = new LogOffset(900), ItemCount = 10, Dimension = 16 };
        Assert.Equal(expected, new WarmRestart(options, serving).WindowStart(new LogOffset(1000)).Value);
    }

    private static float[] VectorOf(TestModel model, string item)
    {
        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            Assert.True(lease.Generation.Vocabulary.TryGetOrdinal(item, out var ordinal));
            return lease.Generation.Input[ordinal].ToArray();
        }
    }

    /// <summary>Visits of a user each, within one of six camps.</summary>
    private static IEnumerable<Interaction> Visits(int first)
    {
        var random = new Random(first);
        for (var visit = first; visit < first + Users; visit++)
        {
            var camp = random.Next(6);
            for (var step = 0; step < 8; step++)
                yield return new Interaction($"user-{visit}", $"camp{camp}-{random.Next(ItemsOfCamp)}", InteractionType.Click, 1_700_000_000_000 + (visit * 1000L) + step);
        }
    }
}

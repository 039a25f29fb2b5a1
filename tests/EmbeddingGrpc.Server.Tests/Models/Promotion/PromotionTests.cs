using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Promotion;

namespace EmbeddingGrpc.Server.Tests.Models.Promotion;

/// <summary>Generations of a real model against each other.</summary>
public sealed class PromotionTests : IDisposable
{
    private const int Camps = 6;
    private const int ItemsOfCamp = 20;
    private const long Start = 1_700_000_000_000;

    private readonly TemporaryDirectory _temporary = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ModelOptions Good { get; } = TestModel.SmallOptions with
    {
        Training = TestModel.SmallOptions.Training with { Epochs = 12 },
        Promotion = new PromotionOptions { MinimumQueries = 50, K = 10 },
    };

    /// <summary>One epoch at next to no learning rate: vectors stay where chance put them.</summary>
    private static ModelOptions Bad { get; } = Good with { Training = Good.Training with { Epochs = 1, LearningRate = 1e-6 } };

    [Fact]
    public async Task Train_FirstGeneration_ServesUnopposed()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good);
        await model.AppendAsync(Visits(0, 400));

        var outcome = await model.TrainAsync();

        Assert.True(outcome.Serves);
        Assert.Equal((PromotionVerdict.Unopposed, null), (outcome.Generation.Promotion!.Verdict, outcome.Generation.Promotion.Evaluation));
    }

    [Fact]
    public async Task Train_NotWorse_IsPromotedWithItsReportAndKnowsTheNewest()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good);
        await model.AppendAsync(Visits(0, 400));
        var first = await model.TrainAsync();
        await model.AppendAsync(Visits(400, 400));

        var second = await model.TrainAsync();

        var promotion = second.Generation.Promotion!;
        Assert.True(second.Serves, promotion.Reason);
        Assert.Equal((PromotionVerdict.Promoted, first.Generation.IdText), (promotion.Verdict, promotion.Opponent));
        Assert.Equal(second.Generation, model.Runtime.Generations.Serving);
        // It was compared on what it had not seen, and has seen it since.
        Assert.Equal(model.Runtime.Log.DurableOffset, second.Generation.TrainedOffset);
        Assert.Equal(second.Generation.Metrics[GenerationMetrics.TrainingInteractions], model.Runtime.Log.DurableOffset.Value);
        var report = promotion.Evaluation!;
        Assert.Equal(["candidate", "serving", "popularity", "co-occurrence", "candidate, blended", "serving, blended"], report.Recommenders.Select(recommender => recommender.Name));
        Assert.True(report.Queries >= 50);
        Assert.True(report.TrainingInteractions + report.TestInteractions <= model.Runtime.Log.DurableOffset.Value);
        Assert.True(report.Of("candidate").All.Recall.Value > 2 * report.Of("popularity").All.Recall.Value);
        // What is served is the vectors and the item graph together, which know as much at least.
        foreach (var name in new[] { "candidate", "serving" })
            Assert.True(report.Of($"{name}, blended").All.Recall.Value > 2 * report.Of("popularity").All.Recall.Value, name);
        Assert.Equal(report.Of("candidate").All.Recall.Value, second.Generation.Metrics[GenerationMetrics.EvaluationRecall]);
        Assert.Equal(promotion.Reason, model.Runtime.StoredGenerations()[0].Promotion!.Reason);
    }

    [Fact]
    public async Task Train_AnotherSeed_KeepsTheSpaceOfTheGenerationBefore()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good);
        await model.AppendAsync(Visits(0, 400));
        await model.TrainAsync();
        var before = Vectors(model);
        model.Runtime.Update(Good with { Training = Good.Training with { Seed = Good.Training.Seed + 1 } });

        var second = await model.TrainAsync();

        // Without the turn, vectors of two seeds have nothing to do with each other: their mean cosine is near 0.
        var after = Vectors(model);
        var cosine = before.Average(item => System.Numerics.Tensors.TensorPrimitives.CosineSimilarity<float>(item.Value, after[item.Key]));
        Assert.True(cosine > 0.6, $"mean cosine {cosine:0.000}");
        Assert.Equal(before.Count, second.Generation.Metrics[GenerationMetrics.AlignedItems]);
    }

    [Fact]
    public async Task Train_Worse_IsKeptWithItsReportAndTheOldOneGoesOn()
    {
        await using var model = await RejectedAsync();

        var stored = model.Runtime.StoredGenerations();

        Assert.Equal([2, 1], stored.Select(generation => generation.Number));
        Assert.Equal(1, model.Runtime.Generations.Serving!.Number);
        var promotion = stored[0].Promotion!;
        Assert.Equal((PromotionVerdict.Rejected, false), (promotion.Verdict, promotion.Serves));
        Assert.True(promotion.Difference!.Value.Upper < 0);
        Assert.Contains("worse", promotion.Reason, StringComparison.Ordinal);
        // What it was compared by it has not learned.
        Assert.True(stored[0].TrainedOffset < model.Runtime.Log.DurableOffset);
    }

    [Fact]
    public async Task Open_NewestWasRejected_ServesTheOneBefore()
    {
        await (await RejectedAsync()).DisposeAsync();
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good);

        Assert.Equal(1, model.Runtime.ServeStoredGeneration(Cancellation)!.Number);
    }

    [Fact]
    public async Task Open_PointerGoneAndNewestRejected_StillServesTheOneBefore()
    {
        await (await RejectedAsync()).DisposeAsync();
        File.Delete(Directory.EnumerateFiles(_temporary.Path, "serving", SearchOption.AllDirectories).Single());
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good);

        Assert.Equal(1, model.Runtime.ServeStoredGeneration(Cancellation)!.Number);
    }

    [Fact]
    public async Task Promote_RejectedOne_ServesAlsoAfterARestart()
    {
        await using (var model = await RejectedAsync())
        {
            var promoted = await model.Runtime.PromoteAsync("2", Cancellation);

            Assert.Equal((2, 2), (promoted.Number, model.Runtime.Generations.Serving!.Number));
            Assert.Equal(promoted.Id, (await model.Runtime.PromoteAsync(promoted.IdText, Cancellation)).Id);
        }

        await using var again = await TestModel.OpenAsync(_temporary.Path, Good);
        Assert.Equal(2, again.Runtime.ServeStoredGeneration(Cancellation)!.Number);
    }

    [Fact]
    public async Task Promote_UnknownGeneration_NamesThoseThatExist()
    {
        await using var model = await RejectedAsync();

        var error = await Assert.ThrowsAsync<GenerationNotFoundException>(() => model.Runtime.PromoteAsync("7", Cancellation));

        Assert.Contains($"1 ({model.Runtime.Generations.Serving!.IdText})", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rollback_ThreeGenerationsTheSecondRejected_GoesBackToTheFirst()
    {
        await using var model = await RejectedAsync();
        model.Runtime.Update(Good);
        var third = await model.TrainAsync();
        Assert.True(third.Serves, third.Generation.Promotion!.Reason);

        var before = await model.Runtime.RollbackAsync(Cancellation);

        Assert.Equal((1, 1), (before.Number, model.Runtime.Generations.Serving!.Number));
        var nothing = await Assert.ThrowsAsync<ModelPreconditionException>(() => model.Runtime.RollbackAsync(Cancellation));
        Assert.Equal("NO_EARLIER_GENERATION", nothing.Reason);
        Assert.Equal(3, (await model.Runtime.PromoteAsync("3", Cancellation)).Number);
    }

    [Fact]
    public async Task Rollback_NewItemsSinceTheOldTraining_StayRecallable()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good with { Promotion = new PromotionOptions { Enabled = false } });
        await model.AppendAsync(Visits(0, 400));
        await model.TrainAsync();
        await model.AppendAsync(Visits(400, 60).Select(interaction => interaction with { ItemId = interaction.ItemId == "camp0-0" ? "late" : interaction.ItemId }));
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);
        await model.TrainAsync();

        await model.Runtime.RollbackAsync(Cancellation);

        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            Assert.False(lease.Generation.Vocabulary.TryGetOrdinal("late", out _));
            Assert.True(lease.Generation.TryGetOrdinal("late", out _));
        }
    }

    [Theory]
    [InlineData(InconclusivePolicy.Promote, true)]
    [InlineData(InconclusivePolicy.Reject, false)]
    public async Task Train_NothingNewToAsk_IsInconclusiveAndThePolicyDecides(InconclusivePolicy policy, bool serves)
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good with { Promotion = Good.Promotion with { WhenInconclusive = policy } });
        await model.AppendAsync(Visits(0, 200));
        await model.TrainAsync();

        var second = await model.TrainAsync();

        Assert.Equal((PromotionVerdict.Inconclusive, serves), (second.Generation.Promotion!.Verdict, second.Serves));
        Assert.Contains("MinimumQueries", second.Generation.Promotion.Reason, StringComparison.Ordinal);
        Assert.Equal(serves ? 2 : 1, model.Runtime.Generations.Serving!.Number);
    }

    [Fact]
    public async Task Train_ComparingIsOff_ServesWhateverItIs()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good);
        await model.AppendAsync(Visits(0, 400));
        await model.TrainAsync();
        await model.AppendAsync(Visits(400, 400));
        model.Runtime.Update(Bad with { Promotion = Bad.Promotion with { Enabled = false } });

        var second = await model.TrainAsync();

        Assert.Equal((PromotionVerdict.Unopposed, true), (second.Generation.Promotion!.Verdict, second.Serves));
    }

    [Fact]
    public async Task Train_ManyRejected_KeepsTheOneThatARollbackGoesTo()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Good with { KeepGenerations = 3 });
        await model.AppendAsync(Visits(0, 400));
        await model.TrainAsync();
        await model.AppendAsync(Visits(400, 400));
        await model.TrainAsync();
        model.Runtime.Update(Bad with { KeepGenerations = 3 });
        for (var training = 0; training < 3; training++)
        {
            await model.AppendAsync(Visits(800 + (400 * training), 400));
            Assert.False((await model.TrainAsync()).Serves);
        }

        Assert.Equal([5, 2, 1], model.Runtime.StoredGenerations().Select(generation => generation.Number));
        Assert.Equal(1, (await model.Runtime.RollbackAsync(Cancellation)).Number);
    }

    public void Dispose() => _temporary.Dispose();

    private static Dictionary<string, float[]> Vectors(TestModel model)
    {
        model.Runtime.Generations.TryLease(out var lease);
        using (lease)
        {
            var generation = lease.Generation;
            return Enumerable.Range(0, generation.Vocabulary.Count).Select(item => new Numerics.ItemOrdinal(item))
                .ToDictionary(generation.Vocabulary.IdOf, item => generation.InputOf(item).ToArray());
        }
    }

    private async Task<TestModel> RejectedAsync()
    {
        var model = await TestModel.OpenAsync(_temporary.Path, Good);
        await model.AppendAsync(Visits(0, 400));
        await model.TrainAsync();
        await model.AppendAsync(Visits(400, 400));
        model.Runtime.Update(Bad);
        var second = await model.TrainAsync();
        Assert.False(second.Serves, second.Generation.Promotion!.Reason);
        return model;
    }

    /// <summary>Visits one after the other, of a user each, within one camp.</summary>
    private static IEnumerable<Interaction> Visits(int first, int count)
    {
        var random = new Random(first);
        for (var visit = first; visit < first + count; visit++)
        {
            var camp = random.Next(Camps);
            for (var step = 0; step < 6; step++)
                yield return new Interaction($"visitor-{visit}", $"camp{camp}-{random.Next(ItemsOfCamp)}", InteractionType.Click, Start + (visit * 1000L) + step);
        }
    }
}

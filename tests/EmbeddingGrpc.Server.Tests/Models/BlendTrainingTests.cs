using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Recall.Blending;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class BlendTrainingTests : IDisposable
{
    private const int Users = 500;
    private const int Length = 10;
    private const int Items = 100;

    private readonly TemporaryDirectory _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Start_EnoughUsers_LearnsWhatTheSourcesCountAndLosesNoItem()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await AppendAsync(model, Walks());

        var generation = (await model.TrainAsync()).Generation;

        Assert.InRange(generation.Metrics[BlendMetrics.Questions], BlendLearner.FewestQuestions, Users * Length / 40);
        Assert.NotNull(BlendMetrics.Read(generation.Metrics));
        // The graph knows the way that everybody goes.
        Assert.True(generation.Metrics[BlendMetrics.GraphHitRateAt10] > 0.5);
        Assert.Equal(Items + (Users / 4), generation.ItemCount);
        Assert.Equal(BlendMetrics.Read(generation.Metrics), BlendMetrics.Read(Assert.Single(model.Runtime.StoredGenerations()).Metrics));
    }

    [Fact]
    public async Task Start_FewUsers_LearnsNothingAndKeepsAllSessionsWhole()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await AppendAsync(model, Walks().Take(20 * Length));

        var generation = (await model.TrainAsync()).Generation;

        Assert.Null(BlendMetrics.Read(generation.Metrics));
        Assert.Equal(20 * Length, generation.Metrics[GenerationMetrics.TrainingInteractions]);
    }

    /// <summary>Users who go from item to item by one step; every fourth ends with an item that nobody else has seen.</summary>
    private static IEnumerable<Interaction> Walks()
    {
        for (var user = 0; user < Users; user++)
        {
            for (var step = 0; step < Length; step++)
            {
                var item = user % 4 == 0 && step == Length - 1 ? $"only-{user}" : $"item-{((user * 7) + step) % Items}";
                yield return new Interaction($"user-{user}", item, InteractionType.Click, 1_700_000_000_000 + step);
            }
        }
    }

    private static async Task AppendAsync(TestModel model, IEnumerable<Interaction> interactions)
    {
        await model.AppendAsync(interactions);
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, TestContext.Current.CancellationToken);
    }
}

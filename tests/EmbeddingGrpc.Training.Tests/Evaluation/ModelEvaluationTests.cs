using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class ModelEvaluationTests
{
    private const int Groups = 12;
    private const int ItemsOfGroup = 12;
    private const long Day = 86_400_000;

    private static readonly TrainingOptions Training = new() { Dimension = 16, Epochs = 12, Threads = 1, Window = 3 };
    private static readonly EvaluationOptions Options = new() { TestFraction = 0.25, K = 10 };

    [Fact]
    public void Run_UsersKeepToTheirGroups_EmbeddingsAndCooccurrenceBeatPopularity()
    {
        var report = Run(World(planted: null));

        var (embeddings, popularity, cooccurrence) = (report.Of(ModelEvaluation.Embeddings), report.Of("popularity"), report.Of("co-occurrence"));
        Assert.True(embeddings.All.Recall.Lower > 2 * popularity.All.Recall.Upper, $"{embeddings.All.Recall} against {popularity.All.Recall}");
        Assert.True(cooccurrence.All.Recall.Lower > 2 * popularity.All.Recall.Upper, $"{cooccurrence.All.Recall} against {popularity.All.Recall}");
        Assert.True(report.RecallDifference(ModelEvaluation.Embeddings, "popularity", seed: 1).Lower > 0);
        Assert.InRange(embeddings.All.Recall.Value, embeddings.All.Recall.Lower, embeddings.All.Recall.Upper);
        Assert.True(embeddings.Coverage > popularity.Coverage);
        Assert.True(embeddings.Novelty > popularity.Novelty);
        Assert.Equal(0, embeddings.ColdShare);
    }

    [Fact]
    public void Run_SignalOnlyInTheFuture_RaisesNobodysScore()
    {
        // In the future everyone goes from the first item of a group to a partner in a group that the past never pairs with it. Whoever looks
        // ahead, by vectors, counts or neighbourhoods, finds the partner; from the past alone it cannot be told.
        var future = Run(World(planted: time => time >= 75 * Day));
        var always = Run(World(planted: _ => true));

        foreach (var name in (string[])[ModelEvaluation.Embeddings, "popularity", "co-occurrence"])
        {
            var found = future.Of(name).All.Recall.Value;
            // Ten of 144 items are what a blind draw finds.
            Assert.True(found < 0.15, $"{name} finds {found:0.000} of what only the future could tell.");
        }

        // The same signal in the past is found: the test would see a leak.
        Assert.True(always.Of(ModelEvaluation.Embeddings).All.Recall.Value > 0.5, $"{always.Of(ModelEvaluation.Embeddings).All.Recall}");
        Assert.True(always.Of("co-occurrence").All.Recall.Value > 0.5);
    }

    [Fact]
    public void Run_ItemOnlyInTheFuture_IsCountedAsUnknownAndNeverRecommended()
    {
        var interactions = World(planted: null).Select(
            interaction => interaction.EventTimeMs >= 75 * Day ? interaction with { ItemId = $"later-{interaction.ItemId}" } : interaction).ToArray();

        var report = Run(interactions);

        Assert.Equal(1, report.UnknownTargets, 0.02);
        Assert.All(report.Recommenders, recommender => Assert.InRange(recommender.All.Recall.Value, 0, 0.01));
    }

    [Fact]
    public void Run_OneThread_IsTheSameAgain()
    {
        var (first, second) = (Run(World(planted: null)), Run(World(planted: null)));

        Assert.Equal(first.Recommenders.Select(recommender => recommender.All), second.Recommenders.Select(recommender => recommender.All));
    }

    [Fact]
    public void Run_AllAtOneTime_SaysThatNoCutParts()
    {
        var interactions = World(planted: null).Select(interaction => interaction with { EventTimeMs = 5 }).ToArray();

        var error = Assert.Throws<NothingToEvaluateException>(() => Run(interactions));

        Assert.Contains("same time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_FractionOutOfRange_NamesIt()
    {
        var error = Assert.Throws<ArgumentException>(() => ModelEvaluation.Run(
            () => World(planted: null), TimeSpan.FromDays(1), Training, Options with { TestFraction = 0.99 }, null, TestContext.Current.CancellationToken));

        Assert.Contains(nameof(EvaluationOptions.TestFraction), error.Message, StringComparison.Ordinal);
    }

    private static EvaluationReport Run(IReadOnlyList<TimedInteraction> interactions) =>
        ModelEvaluation.Run(() => interactions, TimeSpan.FromHours(6), Training, Options, null, TestContext.Current.CancellationToken);

    /// <summary>
    /// A hundred days with twelve visits each, of five interactions within one group. Where planted, a visit is one pair of first items instead, and
    /// three visitors of one item each, from whom nothing can be learned: the newest quarter of the interactions are always those of the last quarter.
    /// </summary>
    private static TimedInteraction[] World(Func<long, bool>? planted)
    {
        var random = new Random(11);
        var interactions = new List<TimedInteraction>();
        for (var visit = 0; visit < 1200; visit++)
        {
            var time = visit * Day / 12;
            var group = random.Next(Groups);
            var pair = planted?.Invoke(time) == true;
            for (var step = 0; step < 5; step++)
            {
                var item = (pair, step) switch
                {
                    (true, 0) => $"g{group}-0",
                    (true, 1) => $"g{(group + (Groups / 2)) % Groups}-11",
                    _ => $"g{group}-{random.Next(ItemsOfGroup)}",
                };
                var visitor = pair && step > 1 ? $"v{visit}-{step}" : $"v{visit}";
                interactions.Add(new TimedInteraction(visitor, item, time + step));
            }
        }

        return [.. interactions];
    }
}

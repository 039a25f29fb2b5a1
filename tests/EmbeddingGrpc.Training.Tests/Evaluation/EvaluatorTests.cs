using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class EvaluatorTests
{
    [Fact]
    public void Evaluate_FixedLists_MatchesTheDefinitions()
    {
        // Before the cut: a x 4, b x 2, c, d. The light user u has one item before, the heavy user v six.
        TimedInteraction[] interactions =
        [
            new("w", "a", 1), new("x", "a", 2), new("y", "a", 3), new("u", "a", 4),
            new("v", "b", 1), new("v", "b", 2), new("v", "c", 3), new("v", "d", 4), new("v", "c", 5), new("v", "d", 6),
            new("u", "b", 100), new("v", "a", 100),
        ];
        var options = new EvaluationOptions { K = 2, NewItemCount = 2 };
        var heldOut = HeldOut.Create(() => interactions, new TimeCut(100, 10, 2), options, TestContext.Current.CancellationToken);

        var report = Evaluator.Evaluate(heldOut, [new AlwaysB(heldOut), new PopularityRecommender(heldOut)], options, null, TestContext.Current.CancellationToken);

        var always = report.Of("always b");
        Assert.Equal((2, 0.5, 2), (report.Queries, always.All.Recall.Value, report.Users));
        Assert.Equal((1, 1.0), (always.NewItems.Queries, always.NewItems.Recall.Value));
        Assert.Equal((1, 1.0), (always.LightUsers.Queries, always.LightUsers.HitRate.Value));
        Assert.Equal(0.25, always.Coverage);
        Assert.Equal(-Math.Log2(0.2), always.Novelty, 1e-12);
        Assert.Equal(1, always.ColdShare);
        // The most popular item that each has not had is what each does next.
        Assert.Equal(1, report.Of("popularity").All.Mrr.Value);
        Assert.Equal(-0.5, report.RecallDifference("always b", "popularity", seed: 1).Value);
    }

    private sealed class AlwaysB(HeldOut heldOut) : IRecommender
    {
        public string Name => "always b";

        public int Recommend(IReadOnlyList<int> history, Span<int> recommended)
        {
            heldOut.TryGetItem("b", out recommended[0]);
            return 1;
        }

        public bool IsCold(int item) => true;
    }
}

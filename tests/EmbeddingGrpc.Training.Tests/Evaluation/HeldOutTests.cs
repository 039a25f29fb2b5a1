using EmbeddingGrpc.Training.Evaluation;

namespace EmbeddingGrpc.Training.Tests.Evaluation;

public sealed class HeldOutTests
{
    private static readonly TimeCut Cut = new(100, 0, 0);

    [Fact]
    public void Create_UserAcrossTheCut_IsAskedWithThePastOfEachMoment()
    {
        var heldOut = Create(("u", "a", 10), ("u", "b", 20), ("u", "c", 110), ("u", "d", 120));

        Assert.Equal(2, heldOut.Queries.Count);
        Assert.Equal(["a,b -> c,d", "a,b,c -> d"], heldOut.Queries.Select(query => Text(heldOut, query)));
        Assert.Equal(1, heldOut.Users);
    }

    [Fact]
    public void Create_ArrivedOutOfOrder_IsInTheOrderOfTime()
    {
        var heldOut = Create(("u", "d", 120), ("u", "b", 20), ("u", "c", 110), ("u", "a", 10));

        Assert.Equal("a,b -> c,d", Text(heldOut, heldOut.Queries[0]));
    }

    [Fact]
    public void Create_UserWithoutAPast_IsNotAskedAtTheFirstInteraction()
    {
        var heldOut = Create(("other", "a", 10), ("new", "a", 110), ("new", "b", 120));

        Assert.Equal(["a -> b"], heldOut.Queries.Select(query => Text(heldOut, query)));
    }

    [Fact]
    public void Create_Repetition_IsNoRightAnswer()
    {
        var heldOut = Create(("u", "a", 10), ("u", "a", 110), ("u", "b", 120), ("u", "a", 130), ("u", "b", 140));

        Assert.Equal(["a,a -> b"], heldOut.Queries.Select(query => Text(heldOut, query)));
    }

    [Fact]
    public void Create_Counts_AreThoseBeforeTheCut()
    {
        var heldOut = Create(("u", "a", 10), ("v", "a", 20), ("u", "b", 30), ("v", "c", 110), ("u", "c", 120));

        Assert.Equal((3, 2, 3L), (heldOut.ItemCount, heldOut.CatalogueCount, heldOut.TotalCount));
        Assert.Equal([2, 1, 0], new[] { "a", "b", "c" }.Select(id => heldOut.TryGetItem(id, out var item) ? heldOut.CountOf(item) : -1));
    }

    [Fact]
    public void Create_MayNotBeAskedFor_IsHistoryAndNoRightAnswer()
    {
        TimedInteraction[] interactions =
        [
            new("u", "a", 10), new("u", "b", 110, MayTest: false), new("u", "c", 120), new("u", "d", 130, MayTest: false), new("u", "e", 140),
        ];

        var heldOut = HeldOut.Create(() => interactions, Cut, new EvaluationOptions(), TestContext.Current.CancellationToken);

        Assert.Equal(["a,b -> c,e", "a,b,c,d -> e"], heldOut.Queries.Select(query => Text(heldOut, query)));
    }

    [Fact]
    public void Create_ManyInteractions_KeepsTheBoundsOnUsersAndQueries()
    {
        var interactions = Enumerable.Range(0, 50).SelectMany(user => Enumerable.Range(0, 40).Select(
            step => new TimedInteraction($"u{user}", $"i{(user * 7) + step}", step < 10 ? step : 100 + step))).ToArray();
        var options = new EvaluationOptions { MaximumQueries = 60, QueriesPerUser = 4, Horizon = 3 };

        var heldOut = HeldOut.Create(() => interactions, Cut, options, TestContext.Current.CancellationToken);

        Assert.Equal(60, heldOut.Queries.Count);
        Assert.Equal(15, heldOut.Users);
        Assert.All(heldOut.Queries, query => Assert.InRange(query.Targets.Count, 1, 3));
        Assert.All(heldOut.Queries.CountBy(query => query.User), user => Assert.Equal(4, user.Value));
    }

    private static HeldOut Create(params (string User, string Item, long Time)[] steps) => HeldOut.Create(
        () => steps.Select(step => new TimedInteraction(step.User, step.Item, step.Time)), Cut, new EvaluationOptions(), TestContext.Current.CancellationToken);

    private static string Text(HeldOut heldOut, HeldOutQuery query) =>
        $"{string.Join(',', query.History.Select(heldOut.IdOf))} -> {string.Join(',', query.Targets.Select(heldOut.IdOf))}";
}

using EmbeddingGrpc.Cli.Simulation;

namespace EmbeddingGrpc.Cli.Tests.Simulation;

public sealed class DriftingWorldTests
{
    private static readonly DriftingWorldOptions Small = new() { Users = 200, Topics = 5, ItemsPerTopic = 20, OpenSessions = 10, InteractionsPerNewItem = 50 };

    [Fact]
    public void Next_SameSeed_GivesTheSameSequence()
    {
        Assert.Equal(Take(Small, 2000), Take(Small, 2000));
        Assert.NotEqual(Take(Small, 2000), Take(Small with { Seed = 7 }, 2000));
    }

    [Fact]
    public void Next_InTheLongRun_NearlyEverythingOnOfferIsNew()
    {
        var early = Take(Small, 20_000)[..1000].Select(i => i.ItemId).ToHashSet();
        var late = Take(Small, 20_000)[^1000..].Select(i => i.ItemId).ToHashSet();

        // What is popular stays longer, but not for ever.
        Assert.InRange(late.Intersect(early).Count(), 0, late.Count / 5);
        Assert.InRange(late.Count, 50, 200);
    }

    [Fact]
    public void NewItems_ComeAtTheGivenPace()
    {
        var world = new DriftingWorld(Small);
        for (var i = 0; i < 5000; i++) world.Next();

        Assert.Equal(100, world.NewItems);
    }

    [Fact]
    public void Next_WithinAUser_KeepsToFewTopics()
    {
        // No noise and no change of taste: at most three topics a person.
        var interactions = Take(Small with { NoiseProbability = 0, TasteChange = 0 }, 20_000);

        Assert.All(interactions.GroupBy(i => i.UserId), user => Assert.InRange(user.Select(i => i.ItemId.Split('-')[0]).Distinct().Count(), 1, 3));
    }

    private static List<SimulatedInteraction> Take(DriftingWorldOptions options, int count)
    {
        var world = new DriftingWorld(options);
        return [.. Enumerable.Range(0, count).Select(_ => world.Next())];
    }
}

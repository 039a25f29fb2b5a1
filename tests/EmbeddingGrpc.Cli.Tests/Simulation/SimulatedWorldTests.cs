using EmbeddingGrpc.Cli.Simulation;

namespace EmbeddingGrpc.Cli.Tests.Simulation;

public sealed class SimulatedWorldTests
{
    private static readonly SimulatedWorldOptions Small = new() { Users = 300, Items = 400, Topics = 8 };

    [Fact]
    public void Interactions_SameSeed_AreTheSame() =>
        Assert.Equal(new SimulatedWorld(Small).Interactions(), new SimulatedWorld(Small).Interactions());

    [Fact]
    public void Interactions_AnotherSeed_AreOthers() =>
        Assert.NotEqual(new SimulatedWorld(Small).Interactions(), new SimulatedWorld(Small with { Seed = 7 }).Interactions());

    [Fact]
    public void Interactions_AreInTimeOrderAndNoUserRepeatsAnItem()
    {
        var interactions = new SimulatedWorld(Small).Interactions();

        Assert.Equal(interactions.Select(i => i.EventTimeMs).Order(), interactions.Select(i => i.EventTimeMs));
        Assert.Equal(interactions.Count, interactions.Select(i => (i.UserId, i.ItemId)).Distinct().Count());
        Assert.Equal(Small.Users, interactions.Select(i => i.UserId).Distinct().Count());
    }

    [Fact]
    public void Interactions_FollowZipf_SoThatThePopularTenthHasFarMoreThanATenthOfThem()
    {
        // No user repeats an item, so the head saturates: three times its share is what is left of Zipf's law in so small a world.
        var world = new SimulatedWorld(Small with { FollowProbability = 0, Items = 2000 });
        var popular = world.ItemIds.Take(200).ToHashSet();
        var interactions = world.Interactions();

        Assert.True(interactions.Count(i => popular.Contains(i.ItemId)) > 0.3 * interactions.Count);
    }

    [Fact]
    public void Interactions_OfOneSession_KeepToATopicMoreOftenThanNot()
    {
        var world = new SimulatedWorld(Small);
        var topicOf = world.ItemIds.Zip(world.TopicOf).ToDictionary(pair => pair.First, pair => pair.Second);
        var pairs = world.Interactions().GroupBy(i => i.UserId)
            .SelectMany(user => user.Zip(user.Skip(1)))
            .Where(pair => pair.Second.EventTimeMs - pair.First.EventTimeMs < 3_600_000)
            .ToArray();

        var same = pairs.Count(pair => topicOf[pair.First.ItemId] == topicOf[pair.Second.ItemId]) / (double)pairs.Length;

        Assert.InRange(same, 0.6, 0.95);
    }

    [Fact]
    public void ItemIds_AreUnique_AlsoWithMoreTopicsThanNames()
    {
        var world = new SimulatedWorld(Small with { Items = 1000, Topics = 100 });

        Assert.Equal(1000, world.ItemIds.Distinct().Count());
    }
}

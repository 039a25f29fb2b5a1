using EmbeddingGrpc.Cli.Simulation;

namespace EmbeddingGrpc.Cli.Tests.Simulation;

public sealed class DriftingTopicTests
{
    [Fact]
    public void Renew_ManyTimes_KeepsTheSizeAndReplacesTheLeastPopular()
    {
        var topic = new DriftingTopic("tea", 10);
        var random = new Random(1);
        for (var i = 0; i < 100; i++)
        {
            var leaving = topic.Items[^1];
            var added = topic.Renew(random);
            Assert.Equal(10, topic.Items.Count);
            Assert.DoesNotContain(leaving, topic.Items);
            Assert.Contains(added, topic.Items);
        }
    }

    [Fact]
    public void Follow_AnyItem_IsOnOfferAndAnother()
    {
        var topic = new DriftingTopic("tea", 10);
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            topic.Renew(random);
            var follower = topic.Follow(topic.Items[3], random);
            Assert.Contains(follower, topic.Items);
            Assert.NotEqual(topic.Items[3], follower);
        }
    }
}

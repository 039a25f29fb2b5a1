using EmbeddingGrpc.Cli.Evaluation;
using EmbeddingGrpc.Client;

namespace EmbeddingGrpc.Cli.Tests.Evaluation;

public sealed class HoldOutTests
{
    [Fact]
    public void LastOfEachUser_HidesTheNewestByTime_NotTheLastInTheList()
    {
        var split = HoldOut.LastOfEachUser([At("u", "late", 30), At("u", "early", 10), At("u", "middle", 20)]);

        var hidden = Assert.Single(split.Hidden);
        Assert.Equal(("u", "late"), (hidden.UserId, hidden.ItemId));
        Assert.Equal(["early", "middle"], hidden.Seen.Order());
        Assert.Equal(["early", "middle"], split.Training.Select(i => i.ItemId));
    }

    [Fact]
    public void LastOfEachUser_OfEqualTimes_HidesTheLaterInTheList() =>
        Assert.Equal("c", HoldOut.LastOfEachUser([At("u", "a", 1), At("u", "b", 1), At("u", "c", 1)]).Hidden.Single().ItemId);

    [Fact]
    public void LastOfEachUser_UserWithTwo_IsForTrainingOnly()
    {
        var split = HoldOut.LastOfEachUser([At("u", "a", 1), At("u", "b", 2)]);

        Assert.Empty(split.Hidden);
        Assert.Equal(2, split.Training.Count);
    }

    internal static UserInteraction At(string user, string item, long seconds) => new(user, item, seconds * 1000);
}

using EmbeddingGrpc.Server.Hosting;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class ServingStatusTests
{
    [Theory]
    [InlineData(ServingStatus.Events)]
    [InlineData(ServingStatus.Recall)]
    [InlineData(ServingStatus.Models)]
    [InlineData(ServingStatus.Overall)]
    public void TryGet_BeforeAnyReport_NotServingAndWhy(string service)
    {
        Assert.True(new ServingStatus().TryGet(service, out var serving, out var reason));
        Assert.False(serving);
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void TryGet_Overall_FollowsTheEvents()
    {
        var status = new ServingStatus();
        status.Report(ServingStatus.Recall, true, "warm");
        Assert.True(status.TryGet(ServingStatus.Overall, out var serving, out _) && !serving);
        status.Report(ServingStatus.Events, true, "open");
        Assert.True(status.TryGet(ServingStatus.Overall, out serving, out _) && serving);
    }

    [Fact]
    public void NextChange_Report_Completes()
    {
        var status = new ServingStatus();
        var change = status.NextChange;
        Assert.False(change.IsCompleted);
        status.Report(ServingStatus.Events, true, "open");
        Assert.True(change.IsCompleted);
        Assert.False(status.NextChange.IsCompleted);
    }

    [Fact]
    public void Report_AfterClose_ChangesNothing()
    {
        var status = new ServingStatus();
        status.Close("shutting down");
        status.Report(ServingStatus.Recall, true, "a generation came too late");
        Assert.True(status.TryGet(ServingStatus.Recall, out var serving, out var reason));
        Assert.Equal((false, "shutting down"), (serving, reason));
    }
}

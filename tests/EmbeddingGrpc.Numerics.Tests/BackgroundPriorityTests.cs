namespace EmbeddingGrpc.Numerics.Tests;

public sealed class BackgroundPriorityTests
{
    [Fact]
    public void SetCurrentThread_OnLinux_LowersThatThreadAlone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Niceness is a thing of Linux.");
        int here = BackgroundPriority.OfCurrentThread, there = -1;
        var thread = new Thread(() =>
        {
            BackgroundPriority.SetCurrentThread(19);
            there = BackgroundPriority.OfCurrentThread;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(19, there);
        Assert.Equal(here, BackgroundPriority.OfCurrentThread);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(20)]
    public void SetCurrentThread_OutOfRange_Throws(int niceness) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BackgroundPriority.SetCurrentThread(niceness));
}

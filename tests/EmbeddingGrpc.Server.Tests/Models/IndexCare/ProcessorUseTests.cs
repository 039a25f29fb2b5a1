using EmbeddingGrpc.Server.Models.IndexCare;

namespace EmbeddingGrpc.Server.Tests.Models.IndexCare;

public sealed class ProcessorUseTests
{
    [Fact]
    public void Next_AfterWork_IsAShareOfTheProcessors()
    {
        var processors = new ProcessorUse(TimeProvider.System);
        var enough = Environment.CpuUsage.TotalTime + TimeSpan.FromMilliseconds(20);
        while (Environment.CpuUsage.TotalTime < enough)
        {
            // Works.
        }

        Assert.InRange(processors.Next(), double.Epsilon, 1);
    }

    [Fact]
    public void Next_NoTimePassed_IsNothing()
    {
        var processors = new ProcessorUse(new StandingClock());

        Assert.Equal(0, processors.Next());
    }

    private sealed class StandingClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}

using EmbeddingGrpc.Client.Streaming;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Client.Tests.Streaming;

public sealed class StreamProgressTests
{
    [Fact]
    public void Lost_AfterALongQuietTime_CountsFromTheFirstLossOnly()
    {
        var time = new FakeTimeProvider();
        var progress = new StreamProgress(time);
        progress.Made();
        time.Advance(TimeSpan.FromDays(1));

        Assert.Equal(TimeSpan.Zero, progress.Lost());
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(3), progress.Lost());
    }

    [Fact]
    public void Lost_AfterProgress_CountsAnew()
    {
        var time = new FakeTimeProvider();
        var progress = new StreamProgress(time);
        progress.Lost();
        time.Advance(TimeSpan.FromSeconds(3));
        progress.Made();

        Assert.Equal(TimeSpan.Zero, progress.Lost());
    }
}

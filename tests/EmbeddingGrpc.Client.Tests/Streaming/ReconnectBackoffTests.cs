using CsCheck;
using EmbeddingGrpc.Client.Streaming;

namespace EmbeddingGrpc.Client.Tests.Streaming;

public sealed class ReconnectBackoffTests
{
    private static readonly TimeSpan Initial = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Maximum = TimeSpan.FromSeconds(1);

    [Fact]
    public void Next_AnySeed_DoublesUpToTheMaximumAndKeepsAtLeastHalf() =>
        Gen.Int.Sample(seed =>
        {
            var backoff = new ReconnectBackoff(Initial, Maximum, new Random(seed));
            foreach (var ceiling in new[] { 100, 200, 400, 800, 1000, 1000 })
                Assert.InRange(backoff.Next().TotalMilliseconds, ceiling / 2.0, ceiling);
            backoff.Reset();
            Assert.InRange(backoff.Next().TotalMilliseconds, 50, 100);
        });

    [Fact]
    public void Next_DaemonAsksForLonger_ObeysIt() =>
        Assert.Equal(TimeSpan.FromSeconds(7), new ReconnectBackoff(Initial, Maximum, new Random(1)).Next(TimeSpan.FromSeconds(7)));

    [Fact]
    public void Next_DaemonAsksForLess_KeepsItsOwn() =>
        Assert.InRange(new ReconnectBackoff(Initial, Maximum, new Random(1)).Next(TimeSpan.Zero).TotalMilliseconds, 50, 100);
}

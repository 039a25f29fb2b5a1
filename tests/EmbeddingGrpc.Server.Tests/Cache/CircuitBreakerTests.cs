using EmbeddingGrpc.Server.Cache;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class CircuitBreakerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(failuresToOpen: 3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), _time);

    [Fact]
    public void Failed_OneLessThanAllowed_StaysClosed()
    {
        Assert.False(_breaker.Failed());
        Assert.False(_breaker.Failed());
        Assert.False(_breaker.IsOpen);
    }

    [Fact]
    public void Failed_AsOftenAsAllowed_OpensOnce()
    {
        Assert.Equal([false, false, true, false], Enumerable.Range(0, 4).Select(_ => _breaker.Failed()));
        Assert.True(_breaker.IsOpen);
    }

    [Fact]
    public void Succeeded_BetweenFailures_StartsTheCountAnew()
    {
        _breaker.Failed();
        _breaker.Failed();
        Assert.False(_breaker.Succeeded());
        _breaker.Failed();
        _breaker.Failed();
        Assert.False(_breaker.IsOpen);
    }

    [Fact]
    public void TryBeginProbe_WhileClosed_Refuses() => Assert.False(_breaker.TryBeginProbe());

    [Fact]
    public void TryBeginProbe_AfterThePause_LetsOneIn()
    {
        Open();
        Assert.False(_breaker.TryBeginProbe());
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(_breaker.TryBeginProbe());
        Assert.False(_breaker.TryBeginProbe());
    }

    [Fact]
    public void Succeeded_AfterAProbe_Closes()
    {
        Open();
        _time.Advance(TimeSpan.FromSeconds(1));
        _breaker.TryBeginProbe();

        Assert.True(_breaker.Succeeded());
        Assert.False(_breaker.IsOpen);
        Assert.False(_breaker.Failed());
    }

    [Fact]
    public void Failed_ProbeAfterProbe_DoublesThePauseUpToTheLongest()
    {
        Open();
        foreach (var seconds in new[] { 1, 2, 4, 4, 4 })
        {
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            Assert.False(_breaker.TryBeginProbe());
            _time.Advance(TimeSpan.FromTicks(1));
            Assert.True(_breaker.TryBeginProbe());
            Assert.False(_breaker.Failed());
        }
    }

    private void Open()
    {
        for (var i = 0; i < 3; i++) _breaker.Failed();
    }
}

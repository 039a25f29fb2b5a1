using EmbeddingGrpc.Server.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class DrainTests : IDisposable
{
    private readonly ServingStatus _status = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly FakeTimeProvider _time = new();
    private readonly Drain _drain;

    public DrainTests() => _drain = new Drain(_status, _lifetime, _time);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _drain.Dispose();

    [Fact]
    public async Task StoppingAsync_NoStreams_SaysSoAndIsOverAtOnce()
    {
        _status.Report(ServingStatus.Events, true, "open");
        await _drain.StartAsync(Cancelled);
        _drain.Join().Dispose();

        Assert.True(_drain.StoppingAsync(Cancelled).IsCompletedSuccessfully);

        Assert.True(_drain.Begun.IsCancellationRequested && _drain.WhenBegun.IsCompleted);
        Assert.True(_status.TryGet(ServingStatus.Events, out var serving, out _) && !serving);
    }

    [Theory]
    [InlineData(false)]
    // As by SIGTERM: streams may have ended before the services are stopped.
    [InlineData(true)]
    public async Task StoppingAsync_Streams_WaitsUntilTheyEndedAndLongerForTheirLastWords(bool isTold)
    {
        await _drain.StartAsync(Cancelled);
        var (one, other) = (_drain.Join(), _drain.Join());
        if (isTold) _lifetime.StopApplication();
        var stopping = isTold ? Task.CompletedTask : _drain.StoppingAsync(Cancelled);
        Assert.True(_drain.Begun.IsCancellationRequested);

        one.Dispose();
        one.Dispose();
        Assert.Equal(isTold, stopping.IsCompleted);
        other.Dispose();
        if (isTold) stopping = _drain.StoppingAsync(Cancelled);

        await Eventually.UntilAsync(() =>
        {
            Assert.False(stopping.IsCompleted && _time.GetUtcNow() == _time.Start);
            _time.Advance(TimeSpan.FromSeconds(1));
            return stopping.IsCompleted;
        });
    }

    [Fact]
    public async Task StoppingAsync_StreamsThatDoNotEnd_WaitsNoLongerThanTheHost()
    {
        await _drain.StartAsync(Cancelled);
        _drain.Join();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var stopping = _drain.StoppingAsync(patience.Token);
        Assert.False(stopping.IsCompleted);

        await patience.CancelAsync();
        await stopping;
    }
}

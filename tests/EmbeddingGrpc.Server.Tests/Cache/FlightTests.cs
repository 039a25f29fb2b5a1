using EmbeddingGrpc.Server.Cache;
using EmbeddingGrpc.Server.Recall;

namespace EmbeddingGrpc.Server.Tests.Cache;

public sealed class FlightTests
{
    private static readonly RecallAnswer Answer = new(new byte[] { 1, 2, 3 }, AnswerOrigin.Search);

    private readonly Flight _flight = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Landing_OfAnAnswer_IsItForWhoCameBeforeAndAfter(bool isAwaited)
    {
        var before = isAwaited ? _flight.Landing : null;
        Assert.False(before?.IsCompleted ?? false);

        _flight.Land(Answer);

        if (before is not null) Assert.Equal(Answer, await before);
        Assert.Equal(Answer, await _flight.Landing);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Landing_OfAFailure_ThrowsItForWhoCameBeforeAndAfter(bool isAwaited)
    {
        var failure = new InvalidDataException("no");
        var before = isAwaited ? _flight.Landing : null;

        _flight.Fail(failure);

        if (before is not null) Assert.Same(failure, await Assert.ThrowsAsync<InvalidDataException>(() => before));
        Assert.Same(failure, await Assert.ThrowsAsync<InvalidDataException>(() => _flight.Landing));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Landing_OfALeaderThatGaveUp_IsCanceledForWhoCameBeforeAndAfter(bool isAwaited)
    {
        var before = isAwaited ? _flight.Landing : null;

        _flight.Fail(new OperationCanceledException());

        if (before is not null) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => before);
        Assert.True(_flight.Landing.IsCanceled);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _flight.Landing);
    }

    [Fact]
    public async Task Landing_AskedWhileItLands_IsTheAnswerForEveryone()
    {
        for (var round = 0; round < 200; round++)
        {
            var flight = new Flight();
            var waiting = Enumerable.Range(0, 4).Select(_ => Task.Run(() => flight.Landing, TestContext.Current.CancellationToken)).ToArray();
            flight.Land(Answer);
            Assert.All(await Task.WhenAll(waiting), answer => Assert.Equal(Answer, answer));
        }
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Tests.Pipeline;

public sealed class ProducerSessionsTests
{
    private static readonly ProducerId Producer = new("p", 1);

    [Fact]
    public async Task EnterAsync_OlderSessionWithAppendsOnTheWay_WaitsForThemAndLetsNoMoreIn()
    {
        await using var log = new TemporaryLog();
        var sessions = new ProducerSessions();
        var older = await EnterAsync(sessions, log.Log);
        Assert.True(older.TryBeginAppend());
        Assert.True(older.TryBeginAppend());

        var entering = EnterAsync(sessions, log.Log);
        await Cancelled(older.Fenced);
        Assert.False(older.TryBeginAppend());
        older.EndAppend();
        Assert.False(entering.IsCompleted);
        older.EndAppend();

        using var newer = await entering;
        Assert.True(newer.TryBeginAppend());
    }

    [Fact]
    public async Task EnterAsync_ChainOfNewcomers_EachWaitsForAllBeforeIt()
    {
        await using var log = new TemporaryLog();
        var sessions = new ProducerSessions();
        var first = await EnterAsync(sessions, log.Log);
        Assert.True(first.TryBeginAppend());
        var second = EnterAsync(sessions, log.Log);
        var third = EnterAsync(sessions, log.Log);
        await Cancelled(first.Fenced);
        Assert.False(third.IsCompleted);

        first.EndAppend();
        using var entered = await third;
        // The one in the middle was fenced before it could begin.
        using var middle = await second;
        Assert.False(middle.TryBeginAppend());
        Assert.True(entered.TryBeginAppend());
    }

    [Fact]
    public async Task EnterAsync_NewcomerGivesUpWaiting_TheNextOneStillWaitsForTheFirst()
    {
        await using var log = new TemporaryLog();
        var sessions = new ProducerSessions();
        var first = await EnterAsync(sessions, log.Log);
        Assert.True(first.TryBeginAppend());
        using (var cancel = new CancellationTokenSource())
        {
            var second = sessions.EnterAsync(log.Log, Producer, cancel.Token);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        }

        var third = EnterAsync(sessions, log.Log);
        Assert.False(third.IsCompleted);
        first.EndAppend();
        using var entered = await third;
        Assert.True(entered.TryBeginAppend());
    }

    [Fact]
    public async Task EnterAsync_OlderEpochThanTheOpenOne_IsFencedAndTheOpenOneGoesOn()
    {
        await using var log = new TemporaryLog();
        var sessions = new ProducerSessions();
        using var open = await sessions.EnterAsync(log.Log, new ProducerId("p", 2), TestContext.Current.CancellationToken);
        var refusal = await Assert.ThrowsAsync<ProducerFencedException>(() => EnterAsync(sessions, log.Log));
        Assert.Equal(2UL, refusal.CurrentEpoch);
        Assert.True(open.TryBeginAppend());
    }

    [Fact]
    public async Task EnterAsync_SameNameInAnotherLog_IsAnotherProducer()
    {
        await using var log = new TemporaryLog();
        await using var other = new TemporaryLog();
        var sessions = new ProducerSessions();
        using var first = await EnterAsync(sessions, log.Log);
        using var second = await EnterAsync(sessions, other.Log);
        Assert.True(first.TryBeginAppend());
        Assert.True(second.TryBeginAppend());
    }

    [Fact]
    public async Task Count_SessionsThatEnded_AreForgotten()
    {
        await using var log = new TemporaryLog();
        var sessions = new ProducerSessions();
        ProducerSession last = await EnterAsync(sessions, log.Log);
        for (var i = 0; i < 100; i++)
        {
            last.Dispose();
            await last.Drained;
            last = await sessions.EnterAsync(log.Log, new ProducerId($"p{i}", 1), TestContext.Current.CancellationToken);
        }

        last.Dispose();
        // Forgetting follows the end on another thread; a session of the same name waits for neither.
        while (sessions.Count > 0) await Task.Yield();
    }

    private static Task<ProducerSession> EnterAsync(ProducerSessions sessions, InteractionLog log) =>
        sessions.EnterAsync(log, Producer, TestContext.Current.CancellationToken);

    private static async Task Cancelled(CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = token.Register(cancelled.SetResult);
        await cancelled.Task.WaitAsync(TestContext.Current.CancellationToken);
    }
}

using EmbeddingGrpc.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Server.Tests.Grpc;

/// <summary>A daemon whose one place to search the test holds: what waits, what is refused, what gives up.</summary>
public sealed class RecallOverloadTests : IAsyncLifetime
{
    private RecallDaemon _daemon = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _daemon = await RecallDaemon.StartAsync(
        null,
        train: true,
        "--EmbeddingGrpc:Recall:Admission:MaximumSearches=1",
        "--EmbeddingGrpc:Recall:Admission:MaximumWaiting=1",
        "--EmbeddingGrpc:Recall:Admission:MaximumWait=00:01:00");

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task Recall_MoreThanMayWait_IsRefusedWithWhenToComeAgainAndTheOthersAreAnswered()
    {
        await _daemon.RecallAsync(Item(0));
        var held = await _daemon.Gate.EnterAsync(isTaken: false, Cancelled);
        var waiting = _daemon.RecallAsync(Item(1));
        await UntilWaitingAsync(1);

        var e = await Assert.ThrowsAsync<RpcException>(() => _daemon.RecallAsync(Item(2)));
        var batch = await Assert.ThrowsAsync<RpcException>(
            async () => await _daemon.Client.BatchRecallAsync(new BatchRecallRequest { Requests = { Item(2), Item(3) } }, cancellationToken: Cancelled));
        foreach (var refused in new[] { e, batch })
        {
            Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
            Assert.Equal("OVERLOADED", refused.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
            Assert.InRange(refused.GetRpcStatus()!.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan(), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3));
        }

        await using var stream = new StreamOfOne(_daemon.Client);
        var streamed = new Google.Rpc.Status { Details = { (await stream.AskAsync(Item(2))).Error.Details } };
        Assert.Equal("OVERLOADED", streamed.GetDetail<ErrorInfo>()!.Reason);
        Assert.InRange(streamed.GetDetail<RetryInfo>()!.RetryDelay.ToTimeSpan(), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(3));

        // What is in memory costs no search.
        Assert.Equal(AnswerSource.Memory, (await _daemon.RecallAsync(Item(0))).Source);
        held.Dispose();
        Assert.Equal(10, (await waiting).Candidates.Count);
        Assert.Equal(10, (await _daemon.RecallAsync(Item(2))).Candidates.Count);
    }

    [Fact]
    public async Task Recall_DeadlinePassesWhileItWaits_EndsAtOnceAndLeavesTheQueue()
    {
        using var held = await _daemon.Gate.EnterAsync(isTaken: false, Cancelled);
        var e = await Assert.ThrowsAsync<RpcException>(
            async () => await _daemon.Client.RecallAsync(Item(1), deadline: DateTime.UtcNow.AddMilliseconds(300), cancellationToken: Cancelled));

        Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
        await UntilWaitingAsync(0);
    }

    [Fact]
    public async Task BatchRecall_DeadlinePassesAmidIt_EndsAtOnceAndBeginsNoFurtherQuery()
    {
        using (await _daemon.Gate.EnterAsync(isTaken: false, Cancelled))
        {
            var batch = new BatchRecallRequest { Requests = { Enumerable.Range(0, 1000).Select(i => Item(i % RecallDaemon.ItemsOfCamp)) } };
            var calling = _daemon.Client.BatchRecallAsync(batch, deadline: DateTime.UtcNow.AddSeconds(1), cancellationToken: Cancelled).ResponseAsync;
            var e = await Assert.ThrowsAsync<RpcException>(() => calling);

            Assert.Equal(StatusCode.DeadlineExceeded, e.StatusCode);
            await UntilWaitingAsync(0);
        }

        // Nothing of the batch was searched, and nothing of it is left behind.
        Assert.Equal(AnswerSource.Search, (await _daemon.RecallAsync(Item(0))).Source);
        Assert.Equal((0, 0), (_daemon.Gate.Searching, _daemon.Gate.Waiting));
    }

    private static RecallRequest Item(int i) => new() { Item = new ItemQuery { ItemId = $"camp0-{i}" } };

    private sealed class StreamOfOne(RecallService.RecallServiceClient client) : IAsyncDisposable
    {
        private readonly AsyncDuplexStreamingCall<StreamRecallRequest, StreamRecallResponse> _call = client.StreamRecall(cancellationToken: Cancelled);

        public async Task<StreamRecallResponse> AskAsync(RecallRequest request)
        {
            await _call.RequestStream.WriteAsync(new StreamRecallRequest { Tag = 1, Request = request }, Cancelled);
            Assert.True(await _call.ResponseStream.MoveNext(Cancelled));
            return _call.ResponseStream.Current;
        }

        public async ValueTask DisposeAsync()
        {
            await _call.RequestStream.CompleteAsync();
            _call.Dispose();
        }
    }

    private async Task UntilWaitingAsync(int count)
    {
        while (_daemon.Gate.Waiting != count) await Task.Delay(TimeSpan.FromMilliseconds(2), Cancelled);
    }
}

using EmbeddingGrpc.Client.Tests.Scripted;
using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests;

public sealed class RecallStreamTests
{
    private static RecallError Refusal => new()
    {
        Code = (int)StatusCode.ResourceExhausted,
        Message = "too many",
        Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(TimeSpan.FromSeconds(3)) }) },
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RecallAsync_AnswersInAnotherOrder_EachGoesToWhoAsked()
    {
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = async (_, requests, responses) =>
            {
                var asked = new List<StreamRecallRequest>();
                while (asked.Count < 3 && await requests.MoveNext(Cancellation)) asked.Add(requests.Current);
                foreach (var request in asked.AsEnumerable().Reverse()) await responses.WriteAsync(AnswerTo(request), Cancellation);
                await requests.MoveNext(Cancellation);
            },
        });
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, Model = "films" });
        await using var stream = client.OpenRecallStream();

        var answers = await Task.WhenAll(new[] { "a", "b", "c" }.Select(id => stream.RecallAsync(Item(id), Cancellation)));

        Assert.Equal(["films/a", "films/b", "films/c"], answers.Select(answer => answer.GenerationId));
    }

    [Fact]
    public async Task RecallAsync_OneIsRefused_TheStreamGoesOn()
    {
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = async (_, requests, responses) =>
            {
                while (await requests.MoveNext(Cancellation))
                {
                    await responses.WriteAsync(
                        requests.Current.Request.Item.ItemId == "bad"
                            ? new StreamRecallResponse { Tag = requests.Current.Tag, Error = Refusal }
                            : AnswerTo(requests.Current),
                        Cancellation);
                }
            },
        });
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenRecallStream();

        var error = await Assert.ThrowsAsync<RpcException>(() => stream.RecallAsync(Item("bad"), Cancellation));
        Assert.Equal((StatusCode.ResourceExhausted, "too many"), (error.StatusCode, error.Status.Detail));
        Assert.Equal(TimeSpan.FromSeconds(3), RpcErrorText.RetryDelay(error));
        Assert.Equal("default/a", (await stream.RecallAsync(Item("a"), Cancellation)).GenerationId);
    }

    [Fact]
    public async Task RecallAsync_StreamEndsBeforeTheAnswers_AsksThemAgainOverANewOne()
    {
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = async (stream, requests, responses) =>
            {
                // The first stream answers one of two and goes.
                for (var taken = 0; await requests.MoveNext(Cancellation); taken++)
                {
                    if (stream == 1 && taken == 1) throw ScriptedDaemon.Unavailable();
                    await responses.WriteAsync(AnswerTo(requests.Current), Cancellation);
                }
            },
        });
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenRecallStream();

        var answers = await Task.WhenAll(stream.RecallAsync(Item("a"), Cancellation), stream.RecallAsync(Item("b"), Cancellation));

        Assert.Equal(["default/a", "default/b"], answers.Select(answer => answer.GenerationId));
    }

    [Fact]
    public async Task RecallAsync_DaemonStaysAway_FailsAfterTheAttempts()
    {
        var streams = 0;
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = (stream, _, _) =>
            {
                streams = stream;
                throw ScriptedDaemon.Unavailable();
            },
        });
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, MaximumAttempts = 2 });
        await using var stream = client.OpenRecallStream();

        var error = await Assert.ThrowsAsync<RpcException>(() => stream.RecallAsync(Item("a"), Cancellation));

        Assert.Equal((StatusCode.Unavailable, 2), (error.StatusCode, streams));
    }

    [Fact]
    public async Task RecallAsync_CallerGivesUp_OthersAreAnswered()
    {
        var release = new TaskCompletionSource();
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = async (_, requests, responses) =>
            {
                while (await requests.MoveNext(Cancellation))
                {
                    await release.Task;
                    await responses.WriteAsync(AnswerTo(requests.Current), Cancellation);
                }
            },
        });
        using var client = new EmbeddingClient(daemon.Address);
        await using var stream = client.OpenRecallStream();
        using var caller = new CancellationTokenSource();
        var (givenUp, other) = (stream.RecallAsync(Item("a"), caller.Token), stream.RecallAsync(Item("b"), Cancellation));
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp);
        release.SetResult();
        Assert.Equal("default/b", (await other).GenerationId);
    }

    [Fact]
    public async Task RecallAsync_NoAnswerWithinTheTimeout_IsDeadlineExceeded()
    {
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = async (_, requests, _) =>
            {
                while (await requests.MoveNext(Cancellation))
                {
                    // Reads and says nothing.
                }
            },
        });
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, CallTimeout = TimeSpan.FromMilliseconds(100) });
        await using var stream = client.OpenRecallStream();

        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => stream.RecallAsync(Item("a"), Cancellation))).StatusCode);
    }

    [Fact]
    public async Task DisposeAsync_AnswersAreOnTheirWay_WaitsForThem()
    {
        var closed = new TaskCompletionSource();
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript
        {
            OnStreamRecall = async (_, requests, responses) =>
            {
                var asked = new List<StreamRecallRequest>();
                while (await requests.MoveNext(Cancellation))
                {
                    asked.Add(requests.Current);
                    closed.TrySetResult();
                }

                foreach (var request in asked) await responses.WriteAsync(AnswerTo(request), Cancellation);
            },
        });
        using var client = new EmbeddingClient(daemon.Address);
        var stream = client.OpenRecallStream();
        var answer = stream.RecallAsync(Item("a"), Cancellation);
        await closed.Task;
        await stream.DisposeAsync();

        Assert.Equal("default/a", (await answer).GenerationId);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => stream.RecallAsync(Item("b"), Cancellation));
    }

    private static RecallRequest Item(string id) => new() { Item = new ItemQuery { ItemId = id } };

    private static StreamRecallResponse AnswerTo(StreamRecallRequest request) => new()
    {
        Tag = request.Tag,
        Response = new RecallResponse { GenerationId = $"{request.Request.Model}/{request.Request.Item.ItemId}" },
    };
}

using EmbeddingGrpc.Client.Tests.Scripted;
using EmbeddingGrpc.Protocol.V1;
using Grpc.Core;

namespace EmbeddingGrpc.Client.Tests;

public sealed class EmbeddingClientTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RecallAsync_DaemonUnavailableAtFirst_TriesAgain()
    {
        var calls = 0;
        var script = new DaemonScript
        {
            OnRecall = request => ++calls < 3 ? throw ScriptedDaemon.Unavailable() : new RecallResponse { GenerationId = request.Model },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, Model = "films" });

        var response = await client.RecallSimilarAsync("1", cancellationToken: Cancellation);

        Assert.Equal("films", response.GenerationId);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task RecallAsync_RefusedForGood_DoesNotTryAgain()
    {
        var calls = 0;
        var script = new DaemonScript
        {
            OnRecall = _ =>
            {
                calls++;
                throw new RpcException(new Status(StatusCode.NotFound, "no such item"));
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.RecallForUserAsync("1", cancellationToken: Cancellation));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task RecallAsync_OneAttemptOnly_DoesNotTryAgain()
    {
        var calls = 0;
        var script = new DaemonScript
        {
            OnRecall = _ =>
            {
                calls++;
                throw ScriptedDaemon.Unavailable();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, MaximumAttempts = 1 });

        await Assert.ThrowsAsync<RpcException>(() => client.RecallForSessionAsync(["1"], cancellationToken: Cancellation));

        Assert.Equal(1, calls);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 3)]
    public async Task AppendEventsAsync_DaemonUnavailable_TriesAgainOnlyWhereAProducerNumbers(bool numbered, int expectedCalls)
    {
        var calls = 0;
        var script = new DaemonScript { OnAppend = _ => ++calls < 3 ? throw ScriptedDaemon.Unavailable() : new AppendEventsResponse { Appended = 1 } };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        var request = new AppendEventsRequest { Interactions = { new Interaction { UserId = "u", ItemId = "i", EventTimeMs = 1, Number = 1 } } };
        if (numbered) request.Producer = new Producer { Name = "p" };

        var append = client.AppendEventsAsync(request, Cancellation);
        if (numbered) Assert.Equal(1U, (await append).Appended);
        else await Assert.ThrowsAsync<RpcException>(() => append);

        Assert.Equal(expectedCalls, calls);
    }

    [Fact]
    public async Task BatchRecallAsync_SomeRequestsNameNoModel_GetTheClients()
    {
        BatchRecallRequest? seen = null;
        var script = new DaemonScript
        {
            OnBatchRecall = request =>
            {
                seen = request;
                return new BatchRecallResponse();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(new EmbeddingClientOptions { Address = daemon.Address, Model = "films" });

        await client.BatchRecallAsync([new RecallRequest(), new RecallRequest { Model = "books" }], Cancellation);

        Assert.Equal(["films", "books"], seen!.Requests.Select(r => r.Model));
    }

    [Fact]
    public async Task TrainAsync_ProgressThenResult_ReportsBoth()
    {
        var script = new DaemonScript
        {
            OnTrain = async responses =>
            {
                await responses.WriteAsync(new TrainModelResponse { Progress = new TrainingProgress { Phase = TrainingPhase.Train, Fraction = 0.5 } });
                await responses.WriteAsync(new TrainModelResponse { Result = new TrainingResult { ElapsedSeconds = 3 } });
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);
        var progress = new RecordedProgress();

        var result = await client.TrainAsync(progress: progress, cancellationToken: Cancellation);

        Assert.Equal(3, result.ElapsedSeconds);
        Assert.Equal(0.5, Assert.Single(progress.Reports).Fraction);
    }

    [Fact]
    public async Task TrainAsync_DaemonUnavailable_DoesNotTrainTwice()
    {
        var calls = 0;
        var script = new DaemonScript
        {
            OnTrain = _ =>
            {
                calls++;
                throw ScriptedDaemon.Unavailable();
            },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var client = new EmbeddingClient(daemon.Address);

        await Assert.ThrowsAsync<RpcException>(() => client.TrainAsync(cancellationToken: Cancellation));

        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task TrainAsync_CallEndsWithoutAResult_SaysSo()
    {
        await using var daemon = await ScriptedDaemon.StartAsync(new DaemonScript());
        using var client = new EmbeddingClient(daemon.Address);

        var error = await Assert.ThrowsAsync<RpcException>(() => client.TrainAsync(cancellationToken: Cancellation));

        Assert.Equal(StatusCode.DataLoss, error.StatusCode);
    }

    [Theory]
    [InlineData("localhost:50051")]
    [InlineData("ftp://localhost")]
    [InlineData("not an address")]
    public void Constructor_NotAnHttpAddress_SaysWhatWouldBeRight(string address)
    {
        var error = Assert.Throws<ArgumentException>(() => new EmbeddingClient(address));

        Assert.Contains(address, error.Message, StringComparison.Ordinal);
        Assert.Contains("http://127.0.0.1:50051", error.Message, StringComparison.Ordinal);
    }

    private sealed class RecordedProgress : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Reports { get; } = [];

        public void Report(TrainingProgress value) => Reports.Add(value);
    }
}

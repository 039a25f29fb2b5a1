using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Generation = EmbeddingGrpc.Protocol.V1.Generation;
using PromotionVerdict = EmbeddingGrpc.Protocol.V1.PromotionVerdict;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class ModelGenerationsTests : IAsyncLifetime
{
    private TestDaemon _daemon = null!;
    private ModelService.ModelServiceClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Model:Training:Dimension=8", "--EmbeddingGrpc:Model:Training:Epochs=2"]);
        _client = new ModelService.ModelServiceClient(_daemon.Channel);
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task PromoteAndRollback_TwoGenerations_SwitchBetweenThem()
    {
        await AppendAsync();
        var (first, second) = (await TrainAsync(), await TrainAsync());
        Assert.Equal((PromotionVerdict.Unopposed, PromotionVerdict.Inconclusive), (first.Promotion.Verdict, second.Promotion.Verdict));
        Assert.Equal(first.Id, second.Promotion.OpponentId);

        var back = (await _client.RollbackGenerationAsync(new RollbackGenerationRequest(), cancellationToken: Cancellation)).Generation;
        var serving = (await _client.GetModelAsync(new GetModelRequest(), cancellationToken: Cancellation)).Model.Serving;
        var forward = (await _client.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = second.Id }, cancellationToken: Cancellation)).Generation;

        Assert.Equal((first.Id, true), (back.Id, back.Serving));
        Assert.Equal(first.Id, serving.Id);
        Assert.Equal((second.Id, true), (forward.Id, forward.Serving));
    }

    [Fact]
    public async Task Rollback_NothingEarlier_IsFailedPrecondition()
    {
        await AssertFailsAsync(StatusCode.FailedPrecondition, "no generation", _client.RollbackGenerationAsync(new RollbackGenerationRequest(), cancellationToken: Cancellation));
        await AppendAsync();
        await TrainAsync();

        await AssertFailsAsync(StatusCode.FailedPrecondition, "KeepGenerations", _client.RollbackGenerationAsync(new RollbackGenerationRequest(), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Promote_MissingOrUnknownId_SaysWhich()
    {
        await AssertFailsAsync(StatusCode.InvalidArgument, "generation_id", _client.PromoteGenerationAsync(new PromoteGenerationRequest(), cancellationToken: Cancellation));
        await AssertFailsAsync(
            StatusCode.NotFound, "0123456789abcdef", _client.PromoteGenerationAsync(new PromoteGenerationRequest { GenerationId = "0123456789abcdef" }, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task EvaluateModel_WithEvents_ReportsEveryRecommenderAndTouchesNothing()
    {
        await AppendAsync();

        var report = await EvaluateAsync(new EvaluateModelRequest { K = 5, TestFraction = 0.2 });

        Assert.Equal(5u, report.K);
        Assert.Equal(["embeddings", "popularity", "co-occurrence", "blended"], report.Recommenders.Select(recommender => recommender.Name));
        Assert.True(report.Queries > 0);
        Assert.Equal(600ul, report.TrainingInteractions + report.TestInteractions);
        Assert.All(report.Recommenders, recommender => Assert.InRange(recommender.All.Recall.Value, recommender.All.Recall.Lower, recommender.All.Recall.Upper));
        Assert.Null((await _client.GetModelAsync(new GetModelRequest(), cancellationToken: Cancellation)).Model.Serving);
    }

    [Fact]
    public async Task EvaluateModel_BadOptions_NamesEachField()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => EvaluateAsync(new EvaluateModelRequest { K = 0, TestFraction = double.NaN }));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(["test_fraction", "k"], error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(violation => violation.Field));
    }

    [Fact]
    public async Task EvaluateModel_NothingIngested_IsFailedPrecondition()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => EvaluateAsync(new EvaluateModelRequest()));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
    }

    private static async Task AssertFailsAsync<T>(StatusCode code, string text, AsyncUnaryCall<T> call)
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.Equal(code, error.StatusCode);
        Assert.Contains(text, error.Status.Detail, StringComparison.Ordinal);
    }

    private async Task AppendAsync() =>
        await _daemon.Services.GetRequiredService<ModelRegistry>().Get("").Log.AppendAsync(
            new EventLog.AppendBatch([.. TestModel.Camps(users: 30, itemsOfCamp: 15, length: 20)]), Cancellation);

    private async Task<Generation> TrainAsync()
    {
        using var call = _client.TrainModel(new TrainModelRequest(), cancellationToken: Cancellation);
        return (await call.ResponseStream.ReadAllAsync(Cancellation).LastAsync(Cancellation)).Result.Generation;
    }

    private async Task<EvaluationReport> EvaluateAsync(EvaluateModelRequest request)
    {
        using var call = _client.EvaluateModel(request, cancellationToken: Cancellation);
        return (await call.ResponseStream.ReadAllAsync(Cancellation).LastAsync(Cancellation)).Report;
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Hosting;
using EmbeddingGrpc.Server.Tests.Models;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using TrainingPhase = EmbeddingGrpc.Protocol.V1.TrainingPhase;

namespace EmbeddingGrpc.Server.Tests.Grpc;

public sealed class ModelGrpcServiceTests : IAsyncLifetime
{
    private TestDaemon _daemon = null!;
    private ModelService.ModelServiceClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelRuntime Model => _daemon.Services.GetRequiredService<ModelRegistry>().Get("");

    public async ValueTask InitializeAsync()
    {
        _daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Model:Training:Dimension=16", "--EmbeddingGrpc:Model:Training:Epochs=3"]);
        _client = new ModelService.ModelServiceClient(_daemon.Channel);
    }

    public ValueTask DisposeAsync() => _daemon.DisposeAsync();

    [Fact]
    public async Task GetModel_NothingTrained_TellsTheWatermarksAndNoGeneration()
    {
        await AppendAsync(users: 6, length: 5);
        await Model.Applier.WaitForAppliedAsync(new LogOffset(30), Cancellation);

        var model = (await _client.GetModelAsync(new GetModelRequest(), cancellationToken: Cancellation)).Model;

        Assert.Equal(("default", 30ul, 30ul, 0ul, 6ul), (model.Name, model.DurableOffset, model.AppliedOffset, model.TrainedOffset, model.UserCount));
        Assert.Null(model.Serving);
        Assert.Equal(("16", "3", ""), (model.Options["Training.Dimension"], model.Options["Training.Epochs"], model.EventsFrom));
        Assert.Equal([model], (await _client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation)).Models);
    }

    [Fact]
    public async Task TrainModel_WithEvents_StreamsEveryPhaseAndThenTheServingGeneration()
    {
        await AppendAsync(users: 40, length: 10);

        var responses = await TrainAsync();

        var phases = responses.SkipLast(1).Select(response => response.Progress).ToList();
        Assert.DoesNotContain(null, phases);
        Assert.Equal(
            [TrainingPhase.Read, TrainingPhase.Train, TrainingPhase.Index, TrainingPhase.Write, TrainingPhase.Swap],
            phases.Where(progress => progress.Fraction == 1).Select(progress => progress.Phase).Distinct());
        var result = responses[^1].Result;
        Assert.True(result.ElapsedSeconds > 0);
        Assert.Equal((1ul, 400ul, 20ul, 16u, true), (result.Generation.Number, result.Generation.TrainedOffset, result.Generation.ItemCount, result.Generation.Dimension, result.Generation.Serving));
        Assert.Matches("^[0-9a-f]{16}$", result.Generation.Id);
        Assert.True(result.Generation.Metrics["training.words_per_second"] > 0);

        var model = (await _client.GetModelAsync(new GetModelRequest { Model = "default" }, cancellationToken: Cancellation)).Model;
        Assert.Equal(result.Generation, model.Serving);
        Assert.Equal(400ul, model.TrainedOffset);
        Assert.False(model.Training);
    }

    [Fact]
    public async Task ListGenerations_TwoTrainings_NewestFirstAndOneServes()
    {
        Assert.Empty((await _client.ListGenerationsAsync(new ListGenerationsRequest(), cancellationToken: Cancellation)).Generations);
        await AppendAsync(users: 40, length: 10);
        await TrainAsync();
        var second = (await TrainAsync())[^1].Result.Generation;

        var generations = (await _client.ListGenerationsAsync(new ListGenerationsRequest(), cancellationToken: Cancellation)).Generations;

        Assert.Equal([(2ul, true), (1ul, false)], generations.Select(generation => (generation.Number, generation.Serving)));
        Assert.Equal(second, generations[0]);
    }

    [Fact]
    public async Task TrainModel_NothingIngested_IsFailedPreconditionThatSaysWhatToDo()
    {
        var error = await Assert.ThrowsAsync<RpcException>(TrainAsync);

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("embedctl ingest", error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal("NOTHING_TO_TRAIN", error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
    }

    [Theory]
    [InlineData("films")]
    [InlineData("../default")]
    [InlineData("Default")]
    [InlineData("de\u0001fault")]
    public async Task AnyCall_UnknownModel_IsNotFoundByName(string name)
    {
        var calls = new Func<Task>[]
        {
            async () => await _client.GetModelAsync(new GetModelRequest { Model = name }, cancellationToken: Cancellation),
            async () => await _client.ListGenerationsAsync(new ListGenerationsRequest { Model = name }, cancellationToken: Cancellation),
            async () => await _client.TrainModel(new TrainModelRequest { Model = name }, cancellationToken: Cancellation).ResponseStream.MoveNext(Cancellation),
        };

        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAsync<RpcException>(call);
            Assert.Equal(StatusCode.NotFound, error.StatusCode);
            var resource = error.GetRpcStatus()!.GetDetail<ResourceInfo>()!;
            Assert.Equal(("model", name), (resource.ResourceType, resource.ResourceName));
        }
    }

    [Fact]
    public async Task TrainModel_WatcherLeaves_TrainingGoesOnAndASecondCallJoinsIt()
    {
        await using var daemon = await TestDaemon.StartAsync(args: ["--EmbeddingGrpc:Model:Training:Epochs=10000"]);
        var client = new ModelService.ModelServiceClient(daemon.Channel);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(200, 50, 50)]), Cancellation);
        using (var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancellation))
        {
            using var call = client.TrainModel(new TrainModelRequest(), cancellationToken: leaving.Token);
            while (await call.ResponseStream.MoveNext(leaving.Token) && call.ResponseStream.Current.Progress.Phase != TrainingPhase.Train) { }
            await leaving.CancelAsync();
            await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(CancellationToken.None));
        }

        using var second = client.TrainModel(new TrainModelRequest(), cancellationToken: Cancellation);
        Assert.True(await second.ResponseStream.MoveNext(Cancellation));
        Assert.Equal((TrainingPhase.Read, 1.0), (second.ResponseStream.Current.Progress.Phase, second.ResponseStream.Current.Progress.Fraction));
        Assert.True((await client.GetModelAsync(new GetModelRequest(), cancellationToken: Cancellation)).Model.Training);

        // Shutting down ends the watch with an error that says so.
        var stopping = daemon.StopAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await second.ResponseStream.MoveNext(Cancellation)) { }
        });
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal("TRAINING_STOPPED", error.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason);
        await stopping;
    }

    [Fact]
    public async Task TrainModel_GenerationCannotBeWritten_IsUnavailableAndTheOldOneServes()
    {
        await AppendAsync(users: 40, length: 10);
        var first = (await TrainAsync())[^1].Result.Generation;
        var directory = Path.Combine(_daemon.DataDirectory, "models", "default", "generations");
        Directory.Move(directory, directory + "-moved");
        await File.WriteAllTextAsync(directory, "a file where the directory was", Cancellation);

        var error = await Assert.ThrowsAsync<RpcException>(TrainAsync);

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Contains(directory, error.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(first, (await _client.GetModelAsync(new GetModelRequest(), cancellationToken: Cancellation)).Model.Serving);
    }

    [Fact]
    public async Task Models_CreateGetUpdateDelete_EachTellsTheModel()
    {
        var created = await _client.CreateModelAsync(
            new CreateModelRequest { Model = "films", EventsFrom = "default", Options = { ["training.dimension"] = "8" } }, cancellationToken: Cancellation);
        Assert.Equal(("films", "default", "8"), (created.Model.Name, created.Model.EventsFrom, created.Model.Options["Training.Dimension"]));
        Assert.Equal(created.Model, (await _client.GetModelAsync(new GetModelRequest { Model = "films" }, cancellationToken: Cancellation)).Model);
        await AppendAsync(users: 40, length: 10);
        await TrainAsync("films");

        var updated = await _client.UpdateModelAsync(
            new UpdateModelRequest { Model = "films", Options = { ["Training.Dimension"] = "12" } }, cancellationToken: Cancellation);
        Assert.Equal(["Training.Dimension"], updated.Model.NeedsTraining);
        Assert.Equal("8", updated.Model.Serving.Options["Training.Dimension"]);

        var listed = await _client.ListModelsAsync(new ListModelsRequest(), cancellationToken: Cancellation);
        Assert.Equal(["default", "films"], listed.Models.Select(model => model.Name));
        Assert.Empty(listed.Unavailable);

        await _client.DeleteModelAsync(new DeleteModelRequest { Model = "films" }, cancellationToken: Cancellation);
        var gone = await Assert.ThrowsAsync<RpcException>(async () => await _client.GetModelAsync(new GetModelRequest { Model = "films" }, cancellationToken: Cancellation));
        Assert.Equal(StatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task CreateModel_BadOptions_NamesEachOfThem()
    {
        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.CreateModelAsync(
            new CreateModelRequest { Model = "films", Options = { ["Training.Dimension"] = "0", ["Trainning.Epochs"] = "1" } }, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        var violations = error.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations;
        Assert.Equal(["options[Training.Dimension]", "options[Trainning.Epochs]"], violations.Select(violation => violation.Field).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Films", StatusCode.InvalidArgument)]
    [InlineData("fi\u0007lms", StatusCode.InvalidArgument)]
    [InlineData("", StatusCode.InvalidArgument)]
    [InlineData("default", StatusCode.AlreadyExists)]
    public async Task CreateModel_BadName_IsRefused(string name, StatusCode expected)
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.CreateModelAsync(new CreateModelRequest { Model = name }, cancellationToken: Cancellation));

        Assert.Equal(expected, error.StatusCode);
    }

    [Fact]
    public async Task AppendEvents_ModelFedByAnother_IsRefusedWithTheSource()
    {
        await _client.CreateModelAsync(new CreateModelRequest { Model = "fed", EventsFrom = "default" }, cancellationToken: Cancellation);
        var request = new AppendEventsRequest { Model = "fed", Interactions = { new Protocol.V1.Interaction { UserId = "u", ItemId = "i", EventTimeMs = 1_700_000_000_000 } } };

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await new EventService.EventServiceClient(_daemon.Channel).AppendEventsAsync(request, cancellationToken: Cancellation));

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("'default'", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ListModelOptions_Always_TellsBoundsValuesAndEffects()
    {
        var options = (await _client.ListModelOptionsAsync(new ListModelOptionsRequest(), cancellationToken: Cancellation)).Options.ToDictionary(option => option.Name);

        var dimension = options["Training.Dimension"];
        Assert.Equal(("16", "int32", "2", "1024"), (dimension.DefaultValue, dimension.Type, dimension.Minimum, dimension.Maximum));
        Assert.Equal(ModelOptionEffect.NextTraining, dimension.Effect);
        Assert.Contains("Shrinking", options["Training.WindowMode"].AllowedValues);
        Assert.Equal(ModelOptionEffect.Restart, options["HistoryLength"].Effect);
        Assert.Equal(ModelOptionEffect.AtOnce, options["KeepGenerations"].Effect);
        Assert.Equal(("timespan", "00:00:01"), (options["SessionGap"].Type, options["SessionGap"].Minimum));
    }

    private async Task AppendAsync(int users, int length) =>
        await Model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(users, itemsOfCamp: 10, length)]), Cancellation);

    private Task<List<TrainModelResponse>> TrainAsync() => TrainAsync(model: "");

    private async Task<List<TrainModelResponse>> TrainAsync(string model)
    {
        using var call = _client.TrainModel(new TrainModelRequest { Model = model }, cancellationToken: Cancellation);
        return await call.ResponseStream.ReadAllAsync(Cancellation).ToListAsync(Cancellation);
    }
}

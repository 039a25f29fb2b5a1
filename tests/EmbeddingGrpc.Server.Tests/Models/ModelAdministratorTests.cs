using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class ModelAdministratorTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> NoOptions = [];

    private readonly TemporaryDirectory _temporary = new();
    private ServiceProvider _services = null!;
    private ModelAdministrator _administrator = null!;
    private ModelRegistry _registry = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _temporary.Dispose();
    }

    [Fact]
    public async Task CreateAsync_OwnLog_IsOpenAndThereAgainAfterARestart()
    {
        var model = await _administrator.CreateAsync("films", "", new Dictionary<string, string> { ["training.dimension"] = "32" }, Cancellation);
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, 10, 10)]), Cancellation);
        Assert.Equal(0, _registry.Get("").Log.DurableOffset.Value);
        var trained = (await model.Training.Start().Completion).Generation;

        await ReopenAsync();

        var again = _registry.Get("films");
        Assert.Equal((32, TestModel.SmallOptions.Training.Epochs), (again.Options.Training.Dimension, again.Options.Training.Epochs));
        Assert.Equal(400, again.Log.DurableOffset.Value);
        Assert.Equal(trained.Id, again.ServeStoredGeneration(Cancellation)!.Id);
    }

    [Fact]
    public async Task CreateAsync_EventsFromAnother_OneStreamFeedsTwoSpaces()
    {
        var fed = await _administrator.CreateAsync("short", "default", new Dictionary<string, string> { ["Training.Dimension"] = "8" }, Cancellation);
        await _registry.Get("").Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, 10, 10)]), Cancellation);

        var (of, other) = (await fed.Training.Start().Completion, await _registry.Get("").Training.Start().Completion);

        Assert.Equal((8, 16), (of.Generation.Dimension, other.Generation.Dimension));
        Assert.Equal((400, 400), (of.Generation.TrainedOffset.Value, other.Generation.TrainedOffset.Value));
        Assert.Same(_registry.Get("").Histories, fed.Histories);
        Assert.Equal("default", fed.EventsFrom);
        Assert.Equal("FED_BY_ANOTHER_MODEL", Assert.Throws<ModelPreconditionException>(() => _registry.GetForEvents("short")).Reason);

        await ReopenAsync();
        Assert.Equal("default", _registry.Get("short").EventsFrom);
        Assert.Equal(of.Generation.Id, _registry.Get("short").ServeStoredGeneration(Cancellation)!.Id);
    }

    [Fact]
    public async Task CreateAsync_WrongInAnyWay_LeavesNothing()
    {
        await Assert.ThrowsAsync<InvalidModelNameException>(() => _administrator.CreateAsync("../films", "", NoOptions, Cancellation));
        await Assert.ThrowsAsync<ModelExistsException>(() => _administrator.CreateAsync("default", "", NoOptions, Cancellation));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _administrator.CreateAsync("films", "nobody", NoOptions, Cancellation));
        await Assert.ThrowsAsync<InvalidModelOptionsException>(() => _administrator.CreateAsync("films", "", new Dictionary<string, string> { ["Nonsense"] = "1" }, Cancellation));
        var contradiction = await Assert.ThrowsAsync<InvalidModelOptionsException>(
            () => _administrator.CreateAsync("films", "default", new Dictionary<string, string> { ["HistoryLength"] = "5", ["Index.M"] = "8" }, Cancellation));

        Assert.Equal("HistoryLength", Assert.Single(contradiction.Violations).Name);
        Assert.Equal(["default"], _registry.Models.Select(model => model.Name));
        Assert.Equal(["default"], Directory.GetDirectories(_temporary.At("models")).Select(Path.GetFileName));
    }

    [Fact]
    public async Task CreateAsync_EventsFromAModelThatIsFed_NamesTheSource()
    {
        await _administrator.CreateAsync("one", "default", NoOptions, Cancellation);

        var error = await Assert.ThrowsAsync<ModelPreconditionException>(() => _administrator.CreateAsync("two", "one", NoOptions, Cancellation));

        Assert.Contains("fed by 'default'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CreateAsync_SameNameAtOnce_OneWins()
    {
        var tries = Enumerable.Range(0, 8).Select(_ => Task.Run(() => _administrator.CreateAsync("films", "", NoOptions, Cancellation))).ToList();

        await Task.WhenAny(Task.WhenAll(tries));

        Assert.Equal(1, tries.Count(attempt => attempt.IsCompletedSuccessfully));
        Assert.All(tries.Where(attempt => attempt.IsFaulted), attempt => Assert.IsType<ModelExistsException>(attempt.Exception!.InnerException));
    }

    [Fact]
    public async Task UpdateAsync_Options_TellsWhatNeedsTrainingAndWhatARestart()
    {
        var model = await _administrator.CreateAsync("films", "", NoOptions, Cancellation);
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, 10, 10)]), Cancellation);
        await model.Training.Start().Completion;
        Assert.Empty(model.NeedsTraining);

        await _administrator.UpdateAsync(
            "films",
            new Dictionary<string, string> { ["training.dimension"] = "24", ["HistoryLength"] = "7", ["KeepGenerations"] = "5", ["Training.Threads"] = "2" },
            [],
            Cancellation);

        Assert.Equal(["Training.Dimension"], model.NeedsTraining);
        Assert.Equal(["HistoryLength"], model.NeedsRestart);
        Assert.Equal(24, (await model.Training.Start().Completion).Generation.Dimension);
        Assert.Empty(model.NeedsTraining);

        await ReopenAsync();
        model = _registry.Get("films");
        Assert.Equal((24, 7, 5), (model.Options.Training.Dimension, model.Histories.MaximumLength, model.Options.KeepGenerations));
        Assert.Empty(model.NeedsRestart);

        await _administrator.UpdateAsync("films", NoOptions, ["training.dimension"], Cancellation);
        Assert.Equal(16, model.Options.Training.Dimension);
        Assert.Equal(7, model.Options.HistoryLength);
    }

    [Fact]
    public async Task UpdateAsync_WrongInAnyWay_ChangesNothing()
    {
        var model = await _administrator.CreateAsync("films", "", new Dictionary<string, string> { ["Index.M"] = "8" }, Cancellation);
        await _administrator.CreateAsync("fed", "default", NoOptions, Cancellation);
        var before = model.Options;

        await Assert.ThrowsAsync<InvalidModelOptionsException>(() => _administrator.UpdateAsync("films", new Dictionary<string, string> { ["Index.M"] = "1" }, [], Cancellation));
        await Assert.ThrowsAsync<InvalidModelOptionsException>(() => _administrator.UpdateAsync("films", NoOptions, ["Nonsense"], Cancellation));
        await Assert.ThrowsAsync<InvalidModelOptionsException>(() => _administrator.UpdateAsync("fed", new Dictionary<string, string> { ["Log.SegmentSizeBytes"] = "100000" }, [], Cancellation));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _administrator.UpdateAsync("nobody", NoOptions, [], Cancellation));
        var configured = await Assert.ThrowsAsync<ModelPreconditionException>(() => _administrator.UpdateAsync("", NoOptions, [], Cancellation));

        Assert.Equal(before, model.Options);
        Assert.Contains("EmbeddingGrpc:Model", configured.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DeleteAsync_Model_IsGoneWithItsFiles()
    {
        var model = await _administrator.CreateAsync("films", "", NoOptions, Cancellation);
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, 10, 10)]), Cancellation);
        await model.Training.Start().Completion;
        Assert.True(model.Generations.TryLease(out var lease));

        await _administrator.DeleteAsync("films", Cancellation);

        Assert.Throws<ModelNotFoundException>(() => _registry.Get("films"));
        Assert.False(Directory.Exists(_temporary.At("models", "films")));
        Assert.Equal(16, lease.Generation.Input[new(0)].Length);
        lease.Dispose();
        Assert.True(lease.Generation.IsFreed);
        Assert.Equal(0, (await _administrator.CreateAsync("films", "", NoOptions, Cancellation)).Log.DurableOffset.Value);
    }

    [Fact]
    public async Task DeleteAsync_DefaultOrFeedingModel_IsRefused()
    {
        await _administrator.CreateAsync("source", "", NoOptions, Cancellation);
        await _administrator.CreateAsync("fed", "source", NoOptions, Cancellation);

        Assert.Equal("DEFAULT_MODEL", (await Assert.ThrowsAsync<ModelPreconditionException>(() => _administrator.DeleteAsync("default", Cancellation))).Reason);
        Assert.Equal("DEFAULT_MODEL", (await Assert.ThrowsAsync<ModelPreconditionException>(() => _administrator.DeleteAsync("", Cancellation))).Reason);
        var feeding = await Assert.ThrowsAsync<ModelPreconditionException>(() => _administrator.DeleteAsync("source", Cancellation));
        Assert.Contains("'fed'", feeding.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _administrator.DeleteAsync("nobody", Cancellation));

        await _administrator.DeleteAsync("fed", Cancellation);
        await _administrator.DeleteAsync("source", Cancellation);
        Assert.Equal(["default"], _registry.Models.Select(model => model.Name));
    }

    [Fact]
    public async Task OpenAllAsync_DamagedDefinition_OtherModelsOpenAndItCanBeDeleted()
    {
        await _administrator.CreateAsync("broken", "", NoOptions, Cancellation);
        await _administrator.CreateAsync("fed-by-broken", "broken", NoOptions, Cancellation);
        await _administrator.CreateAsync("whole", "", NoOptions, Cancellation);
        await CloseAsync();
        var path = _temporary.At("models", "broken", "model.json");
        await File.WriteAllTextAsync(path, "{", Cancellation);

        await OpenAsync();

        Assert.Equal(["default", "whole"], _registry.Models.Select(model => model.Name));
        Assert.Contains(path, Assert.Throws<ModelUnavailableException>(() => _registry.Get("broken")).Message, StringComparison.Ordinal);
        Assert.Throws<ModelUnavailableException>(() => _registry.Get("fed-by-broken"));
        await Assert.ThrowsAsync<ModelExistsException>(() => _administrator.CreateAsync("broken", "", NoOptions, Cancellation));
        await _administrator.DeleteAsync("broken", Cancellation);
        Assert.Throws<ModelNotFoundException>(() => _registry.Get("broken"));
    }

    private async Task OpenAsync()
    {
        _services = new ServiceCollection().AddMetrics().AddSingleton<ModelRegistry>().AddSingleton<ModelMetrics>().BuildServiceProvider();
        _registry = _services.GetRequiredService<ModelRegistry>();
        var opener = new ModelOpener(_temporary.Path, _services.GetRequiredService<ModelMetrics>(), new IngestOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        _administrator = new ModelAdministrator(
            _temporary.Path, _registry, opener, TestModel.SmallOptions, TimeProvider.System, NullLogger<ModelAdministrator>.Instance);
        await _administrator.OpenAllAsync(_ => { }, failure => Assert.Fail(failure.ToString()));
    }

    private async Task CloseAsync()
    {
        await _administrator.CloseAllAsync();
        _administrator.Dispose();
        await _services.DisposeAsync();
    }

    private async Task ReopenAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }
}

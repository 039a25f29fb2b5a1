using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Models;

/// <summary>A log whose options let everything go at once keeps what something needs.</summary>
public sealed class LogRetentionTests : IAsyncLifetime
{
    private const int Wave = 20_000;

    private static readonly Dictionary<string, string> NoOptions = [];

    private readonly TemporaryDirectory _temporary = new();
    private readonly FakeTimeProvider _time = new();
    private ServiceProvider _services = null!;
    private ModelRegistry _registry = null!;
    private ModelAdministrator _administrator = null!;
    private LogRetention _retention = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private ModelRuntime Source => _registry.Get("");

    public async ValueTask InitializeAsync()
    {
        _services = new ServiceCollection().AddMetrics().AddSingleton<ModelRegistry>().AddSingleton<ModelMetrics>().BuildServiceProvider();
        _registry = _services.GetRequiredService<ModelRegistry>();
        var opener = new ModelOpener(_temporary.Path, _services.GetRequiredService<ModelMetrics>(), new IngestOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        var options = TestModel.SmallOptions with { Log = new EventLogOptions { SegmentSizeBytes = 64 * 1024, RetentionBytes = 64 * 1024 } };
        _administrator = new ModelAdministrator(_temporary.Path, _registry, opener, options, TimeProvider.System, NullLogger<ModelAdministrator>.Instance);
        await _administrator.OpenAllAsync(_ => { }, failure => Assert.Fail(failure.ToString()));
        _retention = new LogRetention(_registry, _time, NullLogger<LogRetention>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _retention.Dispose();
        await _administrator.CloseAllAsync();
        _administrator.Dispose();
        await _services.DisposeAsync();
        _temporary.Dispose();
    }

    [Fact]
    public async Task Apply_WithoutACheckpoint_RemovesNothing()
    {
        await AppendAsync();
        await _retention.ApplyAsync(Cancellation);
        Assert.Equal(0, Source.Log.FirstOffset.Value);
    }

    [Fact]
    public async Task Apply_BehindTheOldestCheckpoint_Removes()
    {
        await AppendAsync();
        await CheckpointAsync();
        await AppendAsync();
        await _retention.ApplyAsync(Cancellation);
        Assert.InRange(Source.Log.FirstOffset.Value, 1, Wave);
        Assert.Equal(2 * Wave, Source.Log.DurableOffset.Value);
    }

    [Fact]
    public async Task Apply_GenerationTrainedEarlier_KeepsWhatCameAfterItsTraining()
    {
        await AppendAsync(400);
        await Source.Training.Start().Completion;
        await AppendAsync();
        await CheckpointAsync();
        await _retention.ApplyAsync(Cancellation);
        Assert.InRange(Source.Log.FirstOffset.Value, 0, 400);

        await Source.Training.Start().Completion;
        Assert.Equal(Math.Min(400, Source.StoredGenerations().Min(generation => generation.TrainedOffset.Value)), LogRetention.SafeOffset(Source, _registry.Models).Value);
    }

    [Fact]
    public async Task Apply_ModelFedByTheLogWithAnOlderGeneration_KeepsWhatThatNeeds()
    {
        var fed = await _administrator.CreateAsync("short", "default", NoOptions, Cancellation);
        await AppendAsync(400);
        await fed.Training.Start().Completion;
        await AppendAsync();
        await CheckpointAsync();
        Assert.Equal(400, LogRetention.SafeOffset(Source, _registry.Models).Value);
        await _retention.ApplyAsync(Cancellation);
        Assert.InRange(Source.Log.FirstOffset.Value, 0, 400);

        await _administrator.DeleteAsync("short", Cancellation);
        await _retention.ApplyAsync(Cancellation);
        Assert.InRange(Source.Log.FirstOffset.Value, 401, Wave + 400);
    }

    [Fact]
    public async Task Execute_EveryMinute_AppliesIt()
    {
        await AppendAsync();
        await CheckpointAsync();
        await AppendAsync();
        await _retention.StartAsync(Cancellation);
        while (Source.Log.FirstOffset.Value == 0)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        await _retention.StopAsync(Cancellation);
    }

    private async Task AppendAsync(int count = Wave)
    {
        foreach (var batch in TestModel.Camps(count / 20, 500, 20).Chunk(1000)) await Source.Log.AppendAsync(new AppendBatch(batch), Cancellation);
    }

    private async Task CheckpointAsync()
    {
        await Source.Applier.WaitForAppliedAsync(Source.Log.DurableOffset, Cancellation);
        await Source.Events.Checkpoints.WriteAsync(onlyThis: true, Cancellation);
    }
}

using System.Net;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Hosting;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Tests.Grpc;
using EmbeddingGrpc.Server.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class ModelHostTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    [Fact]
    public async Task Start_EmptyDataDirectory_TakesEventsAndHasNoRecallYet()
    {
        await using var daemon = await TestDaemon.StartAsync(_temporary.Path);

        Assert.True(IsServing(daemon, ServingStatus.Events, out _));
        Assert.True(IsServing(daemon, ServingStatus.Models, out _));
        Assert.False(IsServing(daemon, ServingStatus.Recall, out _));
        Assert.Equal(["default"], daemon.Services.GetRequiredService<ModelRegistry>().Models.Select(model => model.Name));
    }

    [Fact]
    public async Task Train_FirstGeneration_MakesRecallReady()
    {
        await using var daemon = await TestDaemon.StartAsync(_temporary.Path, SmallTraining);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(40, 10, 10)]), TestContext.Current.CancellationToken);

        var outcome = await model.Training.Start().Completion.WaitAsync(TestContext.Current.CancellationToken);

        Assert.True(IsServing(daemon, ServingStatus.Recall, out var reason));
        Assert.Contains(outcome.Generation.IdText, reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_StoredGeneration_IsWarmBeforeRecallIsReady()
    {
        var stored = await TrainOneAsync();

        await using var daemon = await TestDaemon.StartAsync(_temporary.Path);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        await WaitForGenerationAsync(model);

        Assert.Equal(stored.Id, model.Generations.Serving!.Id);
    }

    [Fact]
    public async Task Start_CorruptGeneration_DaemonServesEventsAndCanTrainAgain()
    {
        await TrainOneAsync();
        var generation = Directory.GetDirectories(_temporary.At("models", "default", "generations")).Single();
        await File.WriteAllBytesAsync(Path.Combine(generation, "input.vectors"), [1, 2, 3], TestContext.Current.CancellationToken);

        await using var daemon = await TestDaemon.StartAsync(_temporary.Path, SmallTraining);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        Assert.True(IsServing(daemon, ServingStatus.Events, out _));
        Assert.Null(model.Generations.Serving);

        var outcome = await model.Training.Start().Completion.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, outcome.Generation.Number);
    }

    [Fact]
    public async Task Start_CorruptLog_DaemonStaysAndSaysWhichFileAndWhere()
    {
        await TrainOneAsync();
        var segment = Directory.GetFiles(_temporary.At("models", "default", "log")).OrderByDescending(file => new FileInfo(file).Length).First();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 0xFF;
        // A second, whole copy of the damaged group's successor is not needed: the damage lies before the last group.
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        await using var daemon = await TestDaemon.StartAsync(_temporary.Path);

        Assert.False(IsServing(daemon, ServingStatus.Events, out var reason));
        Assert.Contains(segment, reason, StringComparison.Ordinal);
        var error = Assert.Throws<ModelUnavailableException>(() => daemon.Services.GetRequiredService<ModelRegistry>().Get(""));
        Assert.IsType<LogCorruptException>(error.InnerException!.InnerException);
    }

    [Fact]
    public async Task Start_ModelsStillBeingOpened_ServersListenAndSaySo()
    {
        var disk = new SlowDisk();
        DaemonAddresses? addresses = null;
        var held = disk.Hold();
        var starting = TestDaemon.StartAsync(_temporary.Path, configure: builder =>
        {
            builder.Services.AddSingleton<IFileSystem>(disk);
            builder.Services.AddOptions<HostOptions>().Configure<DaemonAddresses>((_, known) => addresses = known);
        });
        try
        {
            await disk.WhenOneWaitsAsync().WaitAsync(TestContext.Current.CancellationToken);
            await Eventually.UntilAsync(() => addresses is { IsBound: true });
            using var http = new HttpClient { BaseAddress = addresses!.Http };
            using var answer = await http.GetAsync(new Uri("/readyz?service=EventService", UriKind.Relative), TestContext.Current.CancellationToken);

            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("The log is not open yet", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            Assert.False(starting.IsCompleted);
            Assert.False(File.Exists(_temporary.At("daemon.json")));
        }
        finally
        {
            held.Dispose();
        }

        await using var daemon = await starting;
        Assert.True(IsServing(daemon, ServingStatus.Events, out _));
        Assert.True(File.Exists(_temporary.At("daemon.json")));
    }

    [Fact]
    public async Task Start_PortTaken_LeavesTheDataToTheNextOne()
    {
        await using var other = await TestDaemon.StartAsync();

        await Assert.ThrowsAnyAsync<IOException>(() => TestDaemon.StartAsync(_temporary.Path, [$"--GrpcPort={other.Addresses.GrpcPort}"]));

        await using var daemon = await TestDaemon.StartAsync(_temporary.Path);
        Assert.True(IsServing(daemon, ServingStatus.Events, out _));
    }

    [Fact]
    public async Task Stop_WhileTraining_EndsWithoutWaitingForIt()
    {
        await using var daemon = await TestDaemon.StartAsync(_temporary.Path, ["--EmbeddingGrpc:Model:Training:Epochs=10000"]);
        var model = daemon.Services.GetRequiredService<ModelRegistry>().Get("");
        await model.Log.AppendAsync(new AppendBatch([.. TestModel.Camps(200, 50, 50)]), TestContext.Current.CancellationToken);
        var run = model.Training.Start();

        await daemon.StopAsync();

        Assert.True(run.Completion.IsFaulted);
        await Assert.ThrowsAsync<TrainingStoppedException>(() => run.Completion);
        Assert.Empty(daemon.Services.GetRequiredService<ModelRegistry>().Models);
    }

    public void Dispose() => _temporary.Dispose();

    private static string[] SmallTraining => ["--EmbeddingGrpc:Model:Training:Epochs=2", "--EmbeddingGrpc:Model:Training:Dimension=16"];

    private static bool IsServing(TestDaemon daemon, string service, out string reason)
    {
        Assert.True(daemon.Services.GetRequiredService<ServingStatus>().TryGet(service, out var serving, out reason));
        return serving;
    }

    private static async Task WaitForGenerationAsync(ModelRuntime model)
    {
        var published = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        model.Generations.Published += _ => published.TrySetResult();
        if (model.Generations.Serving is null) await published.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    private async Task<GenerationInfo> TrainOneAsync()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        foreach (var batch in TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10).Chunk(40)) await model.AppendAsync(batch);
        return (await model.TrainAsync()).Generation;
    }
}

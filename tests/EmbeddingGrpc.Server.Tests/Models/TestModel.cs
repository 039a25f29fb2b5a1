using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Training;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Models;

/// <summary>A real model in a directory of its own: log, applier, trainer.</summary>
internal sealed class TestModel : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private TestModel(ServiceProvider services, ModelRuntime runtime) => (_services, Runtime) = (services, runtime);

    /// <summary>Options that train small sets in a moment, with one thread.</summary>
    public static ModelOptions SmallOptions { get; } = new()
    {
        Training = new TrainingOptions { Dimension = 16, Epochs = 3, Threads = 1 },
        Index = new Indexing.HnswOptions { BuildThreads = 1 },
    };

    public ModelRuntime Runtime { get; }

    public static async Task<TestModel> OpenAsync(string directory, ModelOptions? options = null, string name = ModelRegistry.DefaultModel)
    {
        var services = new ServiceCollection().AddMetrics().AddSingleton<ModelRegistry>().AddSingleton<ModelMetrics>().BuildServiceProvider();
        var opener = new ModelOpener(directory, services.GetRequiredService<ModelMetrics>(), new IngestOptions(), TimeProvider.System, NullLoggerFactory.Instance);
        return new TestModel(services, await opener.OpenAsync(name, options ?? SmallOptions));
    }

    /// <summary>Users in two camps, each walking about the items of its own: what is near in training is of one camp.</summary>
    public static IEnumerable<Interaction> Camps(int users, int itemsOfCamp, int length, InteractionType type = InteractionType.Click)
    {
        var random = new Random(7);
        for (var user = 0; user < users; user++)
        {
            for (var step = 0; step < length; step++)
            {
                yield return new Interaction($"user-{user}", $"camp{user % 2}-{random.Next(itemsOfCamp)}", type, 1_700_000_000_000 + step);
            }
        }
    }

    public async Task AppendAsync(IEnumerable<Interaction> interactions) =>
        await Runtime.Log.AppendAsync(new AppendBatch([.. interactions]), TestContext.Current.CancellationToken);

    public async Task<TrainingOutcome> TrainAsync() => await Runtime.Training.Start().Completion.WaitAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Runtime.DisposeAsync();
        await _services.DisposeAsync();
    }
}

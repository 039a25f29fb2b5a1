using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Everything that runs for one model. Owns what it is made of; immutable, its parts say what may be done at once.</summary>
/// <param name="name">Its name.</param>
/// <param name="options">Its options.</param>
/// <param name="log">Its interactions on disk.</param>
/// <param name="items">Its item keys.</param>
/// <param name="histories">Its users' recent histories.</param>
/// <param name="applier">What moves <paramref name="log"/> into <paramref name="histories"/>.</param>
/// <param name="generations">Its serving generation.</param>
/// <param name="training">What trains it.</param>
public sealed class ModelRuntime(
    string name,
    ModelOptions options,
    InteractionLog log,
    ItemKeys items,
    UserHistories histories,
    EventApplier applier,
    GenerationStore generations,
    TrainingWorker training) : IAsyncDisposable
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its options.</summary>
    public ModelOptions Options => options;

    /// <summary>Its interactions on disk.</summary>
    public InteractionLog Log => log;

    /// <summary>Its item keys.</summary>
    public ItemKeys Items => items;

    /// <summary>Its users' recent histories.</summary>
    public UserHistories Histories => histories;

    /// <summary>What moves the log into the histories.</summary>
    public EventApplier Applier => applier;

    /// <summary>Its serving generation.</summary>
    public GenerationStore Generations => generations;

    /// <summary>What trains it.</summary>
    public TrainingWorker Training => training;

    /// <summary>Stops training and applying, commits and closes the log, lets go of the generation. Calls that hold a lease end in peace.</summary>
    public async ValueTask DisposeAsync()
    {
        await training.DisposeAsync();
        await applier.DisposeAsync();
        await log.DisposeAsync();
        generations.Dispose();
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Everything that runs for one model. Owns what it is made of; immutable, its parts say what may be done at once.</summary>
public sealed class ModelRuntime : IAsyncDisposable
{
    private readonly GenerationPublisher _publisher;

    internal ModelRuntime(
        string name,
        ModelOptions options,
        InteractionLog log,
        ItemKeys items,
        UserHistories histories,
        EventApplier applier,
        GenerationStore generations,
        TrainingWorker training,
        GenerationPublisher publisher)
    {
        Name = name;
        Options = options;
        Log = log;
        Items = items;
        Histories = histories;
        Applier = applier;
        Generations = generations;
        Training = training;
        _publisher = publisher;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its options.</summary>
    public ModelOptions Options { get; }

    /// <summary>Its interactions on disk.</summary>
    public InteractionLog Log { get; }

    /// <summary>Its item keys.</summary>
    public ItemKeys Items { get; }

    /// <summary>Its users' recent histories.</summary>
    public UserHistories Histories { get; }

    /// <summary>What moves the log into the histories.</summary>
    public EventApplier Applier { get; }

    /// <summary>Its serving generation.</summary>
    public GenerationStore Generations { get; }

    /// <summary>What trains it.</summary>
    public TrainingWorker Training { get; }

    /// <summary>Its generations on disk, newest first. Reads the disk.</summary>
    public IReadOnlyList<GenerationInfo> StoredGenerations() => _publisher.List();

    /// <summary>Loads, warms and publishes the generation that served last, or the best one that can still be used.</summary>
    /// <returns>Null where there is none.</returns>
    public GenerationInfo? ServeStoredGeneration(CancellationToken cancellationToken) => _publisher.PublishStored(cancellationToken);

    /// <summary>Stops training and applying, commits and closes the log, lets go of the generation. Calls that hold a lease end in peace.</summary>
    public async ValueTask DisposeAsync()
    {
        await Training.DisposeAsync();
        await Applier.DisposeAsync();
        await Log.DisposeAsync();
        Generations.Dispose();
    }
}

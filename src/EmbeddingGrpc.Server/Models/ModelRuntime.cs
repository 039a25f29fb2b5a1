using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Everything that runs for one model. Owns what it is made of, but for the events of another model that feeds it; its parts say what may
/// be done at once.
/// </summary>
public sealed class ModelRuntime : IAsyncDisposable
{
    private readonly ModelSettings _settings;
    private readonly GenerationPublisher _publisher;
    private readonly GenerationImporter _importer;

    internal ModelRuntime(
        string name,
        ModelSettings settings,
        ModelEvents events,
        string? eventsFrom,
        GenerationStore generations,
        TrainingWorker training,
        GenerationPublisher publisher,
        GenerationImporter importer)
    {
        Name = name;
        _settings = settings;
        Events = events;
        EventsFrom = eventsFrom;
        Generations = generations;
        Training = training;
        _publisher = publisher;
        _importer = importer;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Its options as they are now.</summary>
    public ModelOptions Options => _settings.Current;

    /// <summary>The model whose events feed it; null where it has a log of its own.</summary>
    public string? EventsFrom { get; }

    /// <summary>Its interactions on disk.</summary>
    public InteractionLog Log => Events.Log;

    /// <summary>Its item keys.</summary>
    public ItemKeys Items => Events.State.Items;

    /// <summary>Its users' recent histories.</summary>
    public UserHistories Histories => Events.State.Histories;

    /// <summary>What its items have had lately, by type of interaction.</summary>
    public ItemCounters Counters => Events.State.Counters;

    /// <summary>What is known of its items besides what users do with them.</summary>
    public ItemCatalog Catalog => Events.State.Catalog;

    /// <summary>What changes the catalogue.</summary>
    public CatalogEditor CatalogEditor => Events.CatalogEditor;

    /// <summary>What erases its users.</summary>
    public UserEraser Eraser => Events.Eraser;

    /// <summary>Which items follow each other lately.</summary>
    public ItemGraph Graph => Events.State.Graph;

    /// <summary>What moves the log into the histories.</summary>
    public EventApplier Applier => Events.Applier;

    /// <summary>Its serving generation.</summary>
    public GenerationStore Generations { get; }

    /// <summary>What trains it.</summary>
    public TrainingWorker Training { get; }

    /// <summary>Names of options that take effect with the next training: the serving generation was trained with other values.</summary>
    public IReadOnlyList<string> NeedsTraining => Generations.Serving is { Options.Count: > 0 } serving
        ? OptionText.Differences(serving.Options, OptionText.Read(Options), OptionEffect.NextTraining)
        : [];

    /// <summary>Names of options that take effect when the daemon starts again.</summary>
    public IReadOnlyList<string> NeedsRestart => OptionText.Differences(OptionText.Read(_settings.OpenedWith), OptionText.Read(Options), OptionEffect.Restart);

    internal ModelEvents Events { get; }

    /// <summary>Its generations on disk, newest first. Reads the disk.</summary>
    public IReadOnlyList<GenerationInfo> StoredGenerations() => _publisher.List();

    /// <summary>Loads, warms and publishes the generation that served last, or the best one that can still be used.</summary>
    /// <returns>Null where there is none.</returns>
    public GenerationInfo? ServeStoredGeneration(CancellationToken cancellationToken) => _publisher.PublishStored(cancellationToken);

    /// <summary>Makes vectors from elsewhere a generation, which serves.</summary>
    /// <param name="input">W1.</param>
    /// <param name="output">W2, of the same items; null where there is none.</param>
    /// <param name="cancellationToken">Until the generation is published.</param>
    /// <exception cref="VectorFormatException">The two tables do not fit together.</exception>
    /// <exception cref="GenerationNotWrittenException">The disk refused.</exception>
    public Task<GenerationInfo> ImportAsync(ImportedVectors input, ImportedVectors? output, CancellationToken cancellationToken) =>
        _importer.ImportAsync(input, output, cancellationToken);

    /// <summary>Changes the options. Those that were in force for something that runs stay so until it ends.</summary>
    internal void Update(ModelOptions options) => _settings.Current = options;

    /// <summary>Stops training and applying, commits and closes the log, lets go of the generation. Calls that hold a lease end in peace.</summary>
    public async ValueTask DisposeAsync()
    {
        await Training.DisposeAsync();
        if (EventsFrom is null) await Events.DisposeAsync();
        Generations.Dispose();
    }
}

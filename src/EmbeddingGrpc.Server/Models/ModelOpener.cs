using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall;
using EmbeddingGrpc.Server.Recall.Users;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Opens models from the data directory: <c>models/NAME/log</c>, <c>checkpoints</c> and <c>generations</c>. Stateless.</summary>
/// <param name="dataDirectory">The daemon's.</param>
/// <param name="metrics">Of the models.</param>
/// <param name="ingest">How events are taken.</param>
/// <param name="time">The clock of all of it.</param>
/// <param name="loggers">Where the rooms write.</param>
/// <param name="files">The disk of logs and checkpoints; null is the machine's own. Generations are mapped into memory, which only that one can do.</param>
/// <param name="recall">How recalls ask: what they blend is learned with each generation. Null is the defaults.</param>
public sealed class ModelOpener(
    string dataDirectory,
    ModelMetrics metrics,
    IngestOptions ingest,
    TimeProvider time,
    ILoggerFactory loggers,
    IFileSystem? files = null,
    RecallOptions? recall = null)
{
    private readonly IFileSystem _files = files ?? DiskFileSystem.Instance;
    private readonly string _modelsDirectory = Path.Combine(Path.GetFullPath(dataDirectory), "models");

    /// <summary>Opens or creates a model with a log of its own: the log is ready and being applied, nothing serves yet.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options.</param>
    /// <param name="onApplierFailure">Told when its log cannot be applied any more.</param>
    /// <exception cref="ModelUnavailableException">The disk refused, or the log is corrupt; says what and where.</exception>
    public async Task<ModelRuntime> OpenAsync(string name, ModelOptions options, Action<Exception>? onApplierFailure = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        InteractionLog? log = null;
        try
        {
            var generations = OpenGenerations(name);
            log = InteractionLog.Open(Path.Combine(_modelsDirectory, name, "log"), options.Log, time, loggers.CreateLogger<InteractionLog>(), _files);
            return Assemble(name, options, await OpenEventsAsync(name, options, log, onApplierFailure), generations, eventsFrom: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LogCorruptException or LogUnavailableException)
        {
            if (log is not null) await log.DisposeAsync();
            throw new ModelUnavailableException(name, e.Message, e);
        }
    }

    /// <summary>Opens or creates a model that is fed by another model's events.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">Its options.</param>
    /// <param name="source">The model whose events feed it; outlives it.</param>
    /// <exception cref="ModelUnavailableException">The disk refused; says what and where.</exception>
    public ModelRuntime OpenFedBy(string name, ModelOptions options, ModelRuntime source)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(source);
        try
        {
            return Assemble(name, options, source.Events, OpenGenerations(name), source.Name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelUnavailableException(name, e.Message, e);
        }
    }

    private async Task<ModelEvents> OpenEventsAsync(string name, ModelOptions options, InteractionLog log, Action<Exception>? onApplierFailure)
    {
        var logger = loggers.CreateLogger<CheckpointStore>();
        var eraserLogger = loggers.CreateLogger<UserEraser>();
        var journal = new ErasureJournal(Path.Combine(_modelsDirectory, name, "erasures"), new DurableFiles());
        var erasures = await ErasureRecovery.RunAsync(name, journal, log, eraserLogger);
        var purgeJournal = new PurgeJournal(Path.Combine(_modelsDirectory, name, "purges"), new DurableFiles());
        var purges = await PurgeRecovery.RunAsync(name, purgeJournal, log, eraserLogger);
        var store = new CheckpointStore(Path.Combine(_modelsDirectory, name, "checkpoints"), _files, logger);
        var state = store.Restore(
            () => NewState(options),
            log.DurableOffset,
            out var restored,
            log.FirstOffset);
        erasures.Clean(state.Histories);
        purges.Clean(state.Catalog);
        var applier = new EventApplier(
            log,
            state,
            restored,
            loggers.CreateLogger<EventApplier>(),
            onApplierFailure,
            (record, offset) =>
            {
                state.Catalog.Apply(record, offset);
                UserEraser.Apply(record, journal, state.Histories);
            },
            ingest.AppliedLag);
        var schedule = new CheckpointSchedule(ingest.CheckpointInterval, ingest.CheckpointEntries);
        var checkpoints = new CheckpointWorker(store, state, applier, restored, schedule, time, logger);
        if (erasures.IsNeeded || purges.IsNeeded) await checkpoints.WriteAsync(onlyThis: true, CancellationToken.None);
        erasures.Finish();
        purges.Finish();
        var logDirectory = Path.Combine(_modelsDirectory, name, "log");
        var editor = new CatalogEditor(state.Catalog, log, applier, new ItemPurger(purgeJournal, log, checkpoints, logDirectory, time), time);
        var eraser = new UserEraser(name, logDirectory, journal, log, applier, checkpoints, time, eraserLogger);
        return new ModelEvents(log, state, applier, checkpoints, editor, eraser);
    }

    private AppliedState NewState(ModelOptions options)
    {
        var items = new ItemKeys();
        var histories = new UserHistories(options.HistoryLength, options.MaximumUsers);
        var graph = new ItemGraph(options.Graph);
        return new AppliedState(items, histories, new ItemCounters(ingest.PopularityHalfLife))
        {
            Catalog = new ItemCatalog(items, time),
            Graph = graph,
            Parts = [new ItemGraphPart(graph)],
        };
    }

    private GenerationDirectory OpenGenerations(string name) =>
        new(Path.Combine(_modelsDirectory, name, "generations"), loggers.CreateLogger<GenerationDirectory>());

    private ModelRuntime Assemble(string name, ModelOptions options, ModelEvents events, GenerationDirectory directory, string? eventsFrom)
    {
        var logger = loggers.CreateLogger<ModelRuntime>();
        var settings = new ModelSettings(options);
        var store = new GenerationStore();
        var publisher = new GenerationPublisher(name, settings, directory, store, events, metrics, time, logger);
        var training = new TrainingWorker(name, settings, events, store, publisher, metrics, time, loggers.CreateLogger<TrainingWorker>()) { Recall = recall ?? new RecallOptions() };
        ModelLog.ModelOpened(logger, name, events.Log.DurableOffset.Value);
        var importer = new GenerationImporter(name, settings, events.Log, publisher, time, logger);
        var foldIn = new FoldInWorker(name, settings, store, events.Applier, loggers.CreateLogger<FoldInWorker>());
        var users = new UserVectorStore(name, recall ?? new RecallOptions(), events.State, () => events.Applier.AppliedOffset, store, time, loggers.CreateLogger<UserVectorStore>());
        return new ModelRuntime(name, settings, events, eventsFrom, store, training, publisher, importer, foldIn, users);
    }
}

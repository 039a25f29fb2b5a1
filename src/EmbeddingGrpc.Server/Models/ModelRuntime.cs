using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Catalog;
using EmbeddingGrpc.Server.Catalog.Erasure;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Users;
using EmbeddingGrpc.Training.Evaluation;

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
    private readonly FoldInWorker _foldIn;
    private readonly GenerationStore _untrained = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _evaluation = Task.CompletedTask;
    private int _evaluating;
    private bool _answersUntrained;

    internal ModelRuntime(
        string name,
        ModelSettings settings,
        ModelEvents events,
        string? eventsFrom,
        GenerationStore generations,
        TrainingWorker training,
        GenerationPublisher publisher,
        GenerationImporter importer,
        FoldInWorker foldIn,
        UserVectorStore userVectors)
    {
        Name = name;
        _settings = settings;
        Events = events;
        EventsFrom = eventsFrom;
        Generations = generations;
        Training = training;
        _publisher = publisher;
        _importer = importer;
        _foldIn = foldIn;
        UserVectors = userVectors;
        Eraser.Forgotten += UserVectors.Forget;
        _untrained.Publish(UntrainedGeneration.Make(events.State.Items));
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

    /// <summary>Vectors of its users, by which similar ones are found.</summary>
    internal UserVectorStore UserVectors { get; }

    internal ModelEvents Events { get; }

    /// <summary>Waits until what is before an offset is applied, and folded into whatever generation serves.</summary>
    /// <param name="offset">Durable already.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">It never will be: folding in failed.</exception>
    public async Task WaitForFoldInAsync(LogOffset offset, CancellationToken cancellationToken)
    {
        await Applier.WaitForAppliedAsync(offset, cancellationToken);
        while (Options.FoldIn.Enabled)
        {
            var nextLook = _foldIn.NextLook();
            if (!Generations.TryLease(out var lease)) return;
            using (lease)
            {
                if (lease.Generation.Folder is not { } folder || folder.IsDone(offset)) return;
            }

            await nextLook.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Its generations on disk, newest first. Reads the disk.</summary>
    public IReadOnlyList<GenerationInfo> StoredGenerations() => _publisher.List();

    /// <summary>Loads, warms and publishes the generation that served last, or the best one that can still be used.</summary>
    /// <returns>Null where there is none.</returns>
    public GenerationInfo? ServeStoredGeneration(CancellationToken cancellationToken) => _publisher.PublishStored(cancellationToken);

    /// <summary>Leases what recalls are answered by: the serving generation, and before the first one a generation of no items.</summary>
    /// <returns>False while a stored generation may still be loaded: then what is known so far would answer for what is about to be known.</returns>
    internal bool TryLeaseForRecall(out GenerationLease lease) =>
        Generations.TryLease(out lease) || (Volatile.Read(ref _answersUntrained) && _untrained.TryLease(out lease));

    /// <summary>Says that the log is applied and that no stored generation is still to come.</summary>
    internal void AnswerUntrained() => Volatile.Write(ref _answersUntrained, true);

    /// <summary>Makes vectors from elsewhere a generation, which serves.</summary>
    /// <param name="input">W1.</param>
    /// <param name="output">W2, of the same items; null where there is none.</param>
    /// <param name="cancellationToken">Until the generation is published.</param>
    /// <exception cref="VectorFormatException">The two tables do not fit together.</exception>
    /// <exception cref="GenerationNotWrittenException">The disk refused.</exception>
    public Task<GenerationInfo> ImportAsync(ImportedVectors input, ImportedVectors? output, CancellationToken cancellationToken) =>
        _importer.ImportAsync(input, output, cancellationToken);

    /// <summary>Lets a generation that is on disk serve.</summary>
    /// <param name="idOrNumber">Its id or its number.</param>
    /// <param name="cancellationToken">Until it is published.</param>
    /// <exception cref="GenerationNotFoundException">There is none.</exception>
    /// <exception cref="GenerationNotWrittenException">The disk refused; what served goes on serving.</exception>
    public Task<GenerationInfo> PromoteAsync(string idOrNumber, CancellationToken cancellationToken) =>
        RunAside(() => _publisher.Promote(idOrNumber, cancellationToken), cancellationToken);

    /// <summary>Lets the generation before the serving one serve again.</summary>
    /// <param name="cancellationToken">Until it is published.</param>
    /// <exception cref="ModelPreconditionException">There is none.</exception>
    /// <exception cref="GenerationNotWrittenException">The disk refused; what served goes on serving.</exception>
    public Task<GenerationInfo> RollbackAsync(CancellationToken cancellationToken) => RunAside(() => _publisher.Rollback(cancellationToken), cancellationToken);

    /// <summary>Says how good the model's options are for its events. What serves is not touched.</summary>
    /// <param name="evaluation">How to evaluate.</param>
    /// <param name="progress">Told the share done, 0..1, on another thread.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="NothingToEvaluateException">There are too few events, or all have the same time.</exception>
    /// <exception cref="ModelPreconditionException">An evaluation of the model runs already.</exception>
    public async Task<EvaluationReport> EvaluateAsync(EvaluationOptions evaluation, Action<double> progress, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _evaluating, 1) != 0)
            throw new ModelPreconditionException("EVALUATION_RUNNING", $"Model '{Name}' is being evaluated already. Wait for that, or stop it.");
        try
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            var (options, through) = (Options, Log.DurableOffset);
            using var blended = new BlendedEvaluation(Events, through, options, Training.Recall, stopping.Token);
            var training = options.Training with { Niceness = Math.Max(options.Training.Niceness, options.TrainingNiceness) };
            var evaluating = RunAside(
                () => ModelEvaluation.Run(
                    () => LogInteractions.Read(Log, through, new LogOffset(0), options, stopping.Token),
                    options.SessionGap,
                    training,
                    evaluation,
                    progress,
                    stopping.Token,
                    blended.Beside),
                stopping.Token);
            _evaluation = evaluating;
            return await evaluating;
        }
        finally
        {
            Volatile.Write(ref _evaluating, 0);
        }
    }

    /// <summary>Changes the options. Those that were in force for something that runs stay so until it ends.</summary>
    internal void Update(ModelOptions options) => _settings.Current = options;

    private Task<T> RunAside<T>(Func<T> work, CancellationToken cancellationToken) => Task.Factory.StartNew(
        () => LowPriorityThread.Run($"work for {Name}", Options.TrainingNiceness, work), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Stops training and applying, commits and closes the log, lets go of the generation. Calls that hold a lease end in peace.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Training.DisposeAsync();
        await _foldIn.DisposeAsync();
        Eraser.Forgotten -= UserVectors.Forget;
        await UserVectors.DisposeAsync();
        // It reads the log, and whoever asked for it is told how it ended.
        await Task.WhenAny(_evaluation);
        if (EventsFrom is null) await Events.DisposeAsync();
        Generations.Dispose();
        _untrained.Dispose();
        _closing.Dispose();
    }
}

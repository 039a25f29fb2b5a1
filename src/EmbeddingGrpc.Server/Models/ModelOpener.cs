using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Opens models from the data directory: <c>models/NAME/log</c> and <c>models/NAME/generations</c>. Stateless.</summary>
public sealed class ModelOpener(string dataDirectory, ModelMetrics metrics, TimeProvider time, ILoggerFactory loggers)
{
    private readonly string _modelsDirectory = Path.Combine(Path.GetFullPath(dataDirectory), "models");

    /// <summary>Opens or creates a model: its log is ready and being applied, nothing serves yet.</summary>
    /// <exception cref="ModelUnavailableException">The disk refused, or the log is corrupt; says what and where.</exception>
    public async Task<ModelRuntime> OpenAsync(string name, ModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var directory = Path.Combine(_modelsDirectory, name);
        InteractionLog? log = null;
        try
        {
            var files = new DurableFiles();
            files.CreateDirectory(directory);
            var generations = new GenerationDirectory(Path.Combine(directory, "generations"), loggers.CreateLogger<GenerationDirectory>(), files);
            log = InteractionLog.Open(Path.Combine(directory, "log"), options.Log, time, loggers.CreateLogger<InteractionLog>());
            return Assemble(name, options, log, generations);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or LogCorruptException or LogUnavailableException)
        {
            if (log is not null) await log.DisposeAsync();
            throw new ModelUnavailableException(name, e.Message, e);
        }
    }

    private ModelRuntime Assemble(string name, ModelOptions options, InteractionLog log, GenerationDirectory directory)
    {
        var logger = loggers.CreateLogger<ModelRuntime>();
        var items = new ItemKeys();
        var histories = new UserHistories(options.HistoryLength, options.MaximumUsers);
        var store = new GenerationStore();
        var publisher = new GenerationPublisher(name, options, directory, store, items, metrics, logger);
        var training = new TrainingWorker(name, options, log, publisher, metrics, time, loggers.CreateLogger<TrainingWorker>());
        var applier = new EventApplier(log, items, histories, loggers.CreateLogger<EventApplier>());
        ModelLog.ModelOpened(logger, name, log.DurableOffset.Value);
        return new ModelRuntime(name, options, log, items, histories, applier, store, training, publisher);
    }
}

using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Models.Exchange;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Server.Models.Settings;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Makes vectors from elsewhere a generation of one model. Any thread; what is imported or trained last serves.</summary>
internal sealed class GenerationImporter(
    string model, ModelSettings settings, InteractionLog log, GenerationPublisher publisher, TimeProvider time, ILogger logger)
{
    /// <summary>Indexes, writes and serves vectors. Runs on low-priority threads of its own.</summary>
    /// <param name="input">W1.</param>
    /// <param name="output">W2; null where there is none.</param>
    /// <param name="cancellationToken">Until the generation is published.</param>
    /// <exception cref="VectorFormatException">The two tables do not fit together.</exception>
    /// <exception cref="GenerationNotWrittenException">The disk refused.</exception>
    public Task<GenerationInfo> ImportAsync(ImportedVectors input, ImportedVectors? output, CancellationToken cancellationToken)
    {
        var options = settings.Current;
        return Task.Factory.StartNew(
            () => LowPriorityThread.Run($"import of {model}", options.TrainingNiceness, () => Import(input, output, options, cancellationToken)),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    private GenerationInfo Import(ImportedVectors input, ImportedVectors? output, ModelOptions options, CancellationToken cancellationToken)
    {
        ModelLog.ImportStarted(logger, model, input.Count, input.Dimension);
        var vectors = VectorImport.Prepare(input, output, log, options.TrainOn, cancellationToken);
        var origin = new GenerationOrigin(new LogOffset(0), time.GetUtcNow(), new Dictionary<string, double>(), new Dictionary<string, string>(), PromotionReport.Unopposed("Its vectors were imported."));
        var parts = new GenerationBuilder(model, options).Build(vectors, origin, _ => { }, cancellationToken);
        return publisher.Publish(parts, phases: null, cancellationToken);
    }
}

using System.Diagnostics;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.Settings;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Brings generations from memory to disk and from disk to service: written, read back, warmed up, pointed at, published, in this order, so
/// that a generation that answered a request is the one that a restart serves. One at a time.
/// </summary>
internal sealed class GenerationPublisher(
    string model, ModelSettings settings, GenerationDirectory directory, GenerationStore store, ItemKeys items, ModelMetrics metrics, ILogger logger)
{
    private readonly Lock _oneAtATime = new();

    /// <summary>The generations on disk, newest first.</summary>
    public IReadOnlyList<GenerationInfo> List() => directory.List();

    /// <summary>Loads and publishes what served last, or the best that can still be used.</summary>
    /// <returns>Null where there is none.</returns>
    public GenerationInfo? PublishStored(CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            var started = Stopwatch.GetTimestamp();
            if (directory.LoadServing(cancellationToken) is not { } parts) return null;
            var generation = Adopt(parts, cancellationToken);
            store.Publish(generation);
            var elapsed = Stopwatch.GetElapsedTime(started);
            metrics.GenerationLoaded(model, elapsed);
            ModelLog.GenerationLoaded(logger, model, generation.Number, generation.IdText, generation.Info.ItemCount, elapsed.TotalSeconds);
            return generation.Info;
        }
    }

    /// <summary>Makes a generation durable and lets it serve. Takes ownership of the parts and gives them their number.</summary>
    /// <param name="parts">In memory; freed once they are on disk.</param>
    /// <param name="progress">Told the fraction done, 0..1.</param>
    /// <param name="cancellationToken">Until the generation is published.</param>
    /// <exception cref="GenerationNotWrittenException">The disk refused, or did not give back what was written.</exception>
    public GenerationInfo Publish(GenerationParts parts, Action<double>? progress, CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            GenerationParts stored;
            try
            {
                using (parts) stored = directory.WriteAndLoad(parts with { Number = directory.NextNumber() }, progress, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or GenerationFileException)
            {
                throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
            }

            var generation = Adopt(stored, cancellationToken);
            try
            {
                directory.PointAt(generation.Info);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                generation.Release();
                throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
            }

            store.Publish(generation);
            ModelLog.GenerationPublished(logger, model, generation.Number, generation.IdText, generation.Info.ItemCount);
            directory.Prune(settings.Current.KeepGenerations, generation.Info);
            return generation.Info;
        }
    }

    private Generation Adopt(GenerationParts parts, CancellationToken cancellationToken)
    {
        try
        {
            var generation = new Generation(parts, items);
            GenerationWarmUp.Run(generation, cancellationToken);
            return generation;
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }
}

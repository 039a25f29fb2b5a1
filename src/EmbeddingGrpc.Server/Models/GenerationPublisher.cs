using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Settings;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Brings generations from memory to disk and from disk to service: written, read back, warmed up, pointed at, published, in this order, so
/// that a generation that answered a request is the one that a restart serves. One at a time.
/// </summary>
internal sealed class GenerationPublisher(
    string model, ModelSettings settings, GenerationDirectory directory, GenerationStore store, ModelEvents events, ModelMetrics metrics, TimeProvider time, ILogger logger)
{
    private readonly Lock _oneAtATime = new();

    private IndexOpenOptions Opening => new() { Mapped = settings.Current.MappedGenerations };

    /// <summary>The generations on disk, newest first.</summary>
    public IReadOnlyList<GenerationInfo> List() => directory.List();

    /// <summary>Loads and publishes what served last, or the best that can still be used.</summary>
    /// <returns>Null where there is none.</returns>
    public GenerationInfo? PublishStored(CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            var started = Stopwatch.GetTimestamp();
            if (directory.LoadServing(Opening, cancellationToken) is not { } parts) return null;
            var generation = Adopt(parts, cancellationToken);
            // Nothing served before: what is new is folded in behind the open door.
            store.Publish(generation);
            var elapsed = Stopwatch.GetElapsedTime(started);
            metrics.GenerationLoaded(model, elapsed);
            ModelLog.GenerationLoaded(logger, model, generation.Number, generation.IdText, generation.Info.ItemCount, elapsed.TotalSeconds);
            return generation.Info;
        }
    }

    /// <summary>
    /// Makes a generation durable and lets it serve, unless its <see cref="GenerationParts.Promotion"/> says that it shall not. Takes ownership of the parts
    /// and gives them their number.
    /// </summary>
    /// <param name="parts">In memory; freed once they are on disk.</param>
    /// <param name="phases">Those of the training that made it; null where none did.</param>
    /// <param name="cancellationToken">Until the generation is published.</param>
    /// <exception cref="GenerationNotWrittenException">The disk refused, or did not give back what was written.</exception>
    public GenerationInfo Publish(GenerationParts parts, TrainingPhases? phases, CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            try
            {
                var written = InPhase(TrainingPhase.Write, progress => Write(parts, progress, cancellationToken));
                if (written.Promotion?.Serves is false)
                {
                    ModelLog.GenerationKept(logger, model, written.Number, written.IdText);
                    directory.Prune(settings.Current.KeepGenerations, store.Serving);
                    return written;
                }

                var (published, swap) = InPhase(TrainingPhase.Swap, _ => Swap(written, cancellationToken));
                ModelLog.GenerationPublished(logger, model, published.Number, published.IdText, published.ItemCount, swap);
                directory.Prune(settings.Current.KeepGenerations, published);
                return published;
            }
            catch (GenerationFileException e)
            {
                throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
            }
        }

        T InPhase<T>(TrainingPhase phase, Func<Action<double>?, T> work) => phases is null ? work(null) : phases.Run(phase, progress => work(progress.Report));
    }

    /// <summary>Lets a generation that is on disk serve.</summary>
    /// <param name="idOrNumber">Its id or its number.</param>
    /// <param name="cancellationToken">Until it is published.</param>
    /// <exception cref="GenerationNotFoundException">There is none.</exception>
    /// <exception cref="GenerationFileException">It cannot be used; says which file and why.</exception>
    /// <exception cref="GenerationNotWrittenException">The disk refused to remember it; what served goes on serving.</exception>
    public GenerationInfo Promote(string idOrNumber, CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            var stored = directory.List();
            var wanted = stored.FirstOrDefault(generation => generation.IdText == idOrNumber || generation.Number.ToString(CultureInfo.InvariantCulture) == idOrNumber)
                ?? throw new GenerationNotFoundException(model, idOrNumber, stored.Select(generation => $"{generation.Number} ({generation.IdText})"));
            return Serve(wanted, cancellationToken);
        }
    }

    /// <summary>Lets the generation before the serving one serve again; one that was rejected is passed over.</summary>
    /// <param name="cancellationToken">Until it is published.</param>
    /// <exception cref="ModelPreconditionException">There is none.</exception>
    /// <inheritdoc cref="Promote" path="/exception"/>
    public GenerationInfo Rollback(CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            var serving = store.Serving ?? throw new ModelPreconditionException("NO_GENERATION", $"Model '{model}' serves no generation yet: there is nothing to roll back.");
            var earlier = directory.List().FirstOrDefault(generation => generation.Number < serving.Number && generation.Promotion?.Serves is not false)
                ?? throw new ModelPreconditionException(
                    "NO_EARLIER_GENERATION",
                    $"Model '{model}' has no generation on disk before number {serving.Number} that served. KeepGenerations ({settings.Current.KeepGenerations}) says how many are kept.");
            return Serve(earlier, cancellationToken);
        }
    }

    private GenerationInfo Serve(GenerationInfo wanted, CancellationToken cancellationToken)
    {
        if (store.Serving?.Id == wanted.Id) return wanted;
        var (served, swap) = Swap(wanted, cancellationToken);
        ModelLog.GenerationPromoted(logger, model, served.Number, served.IdText, served.ItemCount, swap);
        return served;
    }

    /// <summary>Writes a generation and frees its parts. One that shall not serve is read back here: nothing else will look at it soon.</summary>
    private GenerationInfo Write(GenerationParts parts, Action<double>? progress, CancellationToken cancellationToken)
    {
        try
        {
            GenerationInfo written;
            using (parts) written = directory.Write(parts with { Number = directory.NextNumber() }, progress, cancellationToken);
            if (written.Promotion?.Serves is false) directory.Load(written, Opening, cancellationToken).Dispose();
            return written;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
        }
    }

    /// <summary>Lets a generation on disk serve once it is ready to.</summary>
    private (GenerationInfo Served, SwapTimes Times) Swap(GenerationInfo wanted, CancellationToken cancellationToken)
    {
        var steps = new SwapSteps(time, store.LongestRecall);
        var parts = directory.Load(wanted, Opening, cancellationToken);
        steps.Opened();
        var generation = Adopt(parts, cancellationToken);
        steps.Warmed();
        try
        {
            CatchUp(generation, cancellationToken);
            steps.CaughtUp();
            directory.PointAt(wanted);
        }
        catch (Exception e)
        {
            generation.Release();
            if (e is IOException or UnauthorizedAccessException) throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
            throw;
        }

        store.Publish(generation);
        var times = steps.Serves();
        metrics.Swapped(model, times);
        return (generation.Info, times);
    }

    /// <summary>Folds in what came since its training, so that no item is lost that could be recalled before.</summary>
    private void CatchUp(Generation generation, CancellationToken cancellationToken)
    {
        if (!settings.Current.FoldIn.Enabled || generation.Folder is not { } folder) return;
        var started = Stopwatch.GetTimestamp();
        folder.CatchUp(events.Applier.AppliedOffset, cancellationToken);
        // Vectors from elsewhere are trained on nothing of the log: a start shall not read all of it again.
        if (folder.FoldedOffset.Value - folder.KeptThrough.Value >= GenerationFolder.EntriesWorthKeeping) folder.Keep();
        ModelLog.FoldedIn(logger, model, generation.Number, generation.ItemCount - generation.Vocabulary.Count, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private Generation Adopt(GenerationParts parts, CancellationToken cancellationToken)
    {
        try
        {
            var generation = new Generation(parts, events.State.Items);
            if (generation.Info.PredictsNext) generation.Folder = new GenerationFolder(generation, settings, events.Log, events.State, store.FoldIn, directory.FoldInFileOf(model, generation.Info));
            GenerationWarmUp.Run(generation, store.Asked, cancellationToken);
            return generation;
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }
}

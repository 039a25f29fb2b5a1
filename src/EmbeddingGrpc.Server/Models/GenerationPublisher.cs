using System.Diagnostics;
using System.Globalization;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.FoldIn;
using EmbeddingGrpc.Server.Models.Settings;

namespace EmbeddingGrpc.Server.Models;

/// <summary>
/// Brings generations from memory to disk and from disk to service: written, read back, warmed up, pointed at, published, in this order, so
/// that a generation that answered a request is the one that a restart serves. One at a time.
/// </summary>
internal sealed class GenerationPublisher(
    string model, ModelSettings settings, GenerationDirectory directory, GenerationStore store, ModelEvents events, ModelMetrics metrics, ILogger logger)
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
    /// <param name="progress">Told the fraction done, 0..1.</param>
    /// <param name="cancellationToken">Until the generation is published.</param>
    /// <exception cref="GenerationNotWrittenException">The disk refused, or did not give back what was written.</exception>
    public GenerationInfo Publish(GenerationParts parts, Action<double>? progress, CancellationToken cancellationToken)
    {
        lock (_oneAtATime)
        {
            GenerationParts stored;
            var isFreed = false;
            void Free()
            {
                if (!isFreed) parts.Dispose();
                isFreed = true;
            }

            try
            {
                stored = directory.WriteAndLoad(parts with { Number = directory.NextNumber() }, progress, cancellationToken, Free);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or GenerationFileException)
            {
                throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
            }
            finally
            {
                Free();
            }

            if (stored.Promotion?.Serves is false) return Keep(stored);
            var generation = Adopt(stored, cancellationToken);
            try
            {
                CatchUp(generation, cancellationToken);
                directory.PointAt(generation.Info);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                generation.Release();
                throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
            }
            catch
            {
                generation.Release();
                throw;
            }

            store.Publish(generation);
            ModelLog.GenerationPublished(logger, model, generation.Number, generation.IdText, generation.Info.ItemCount);
            directory.Prune(settings.Current.KeepGenerations, generation.Info);
            return generation.Info;
        }
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
        var generation = Adopt(directory.Load(wanted, cancellationToken), cancellationToken);
        try
        {
            CatchUp(generation, cancellationToken);
            directory.PointAt(wanted);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            generation.Release();
            throw new GenerationNotWrittenException(model, directory.DirectoryPath, e);
        }
        catch
        {
            generation.Release();
            throw;
        }

        store.Publish(generation);
        ModelLog.GenerationPromoted(logger, model, wanted.Number, wanted.IdText, wanted.ItemCount);
        return generation.Info;
    }

    private GenerationInfo Keep(GenerationParts rejected)
    {
        using (rejected)
        {
            var kept = GenerationInfo.Of(rejected);
            ModelLog.GenerationKept(logger, model, kept.Number, kept.IdText);
            directory.Prune(settings.Current.KeepGenerations, store.Serving);
            return kept;
        }
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

using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>Finishes purges that a crash interrupted, before anything reads the log. One thread.</summary>
internal sealed class PurgeRecovery
{
    private readonly PurgeJournal _journal;

    private PurgeRecovery(PurgeJournal journal) => _journal = journal;

    /// <summary>Whether checkpoints may hold attributes that must be gone.</summary>
    public bool IsNeeded => _journal.Interrupted.Count > 0;

    /// <summary>Takes what the deleted items were upserted with out of the log's files.</summary>
    /// <exception cref="LogUnavailableException">The disk refused.</exception>
    public static async Task<PurgeRecovery> RunAsync(string model, PurgeJournal journal, InteractionLog log, ILogger logger)
    {
        if (journal.Interrupted.Count > 0) CatalogLog.FinishingPurges(logger, journal.Interrupted.Count, model);
        foreach (var note in journal.Interrupted)
        {
            var erased = await log.EraseItemsAsync(note.Items.Contains, note.Deleted);
            CatalogLog.ItemsPurged(logger, model, erased.EntriesErased, erased.SegmentsRewritten);
        }

        return new PurgeRecovery(journal);
    }

    /// <summary>Deletes the items in what a checkpoint from before their deletion brought back: the next checkpoint must not carry their attributes on.</summary>
    public void Clean(ItemCatalog catalog)
    {
        foreach (var note in _journal.Interrupted)
        {
            // An item that the checkpoint does not know gets its key in its turn, from the log.
            foreach (var item in note.Items.Where(catalog.Knows)) catalog.Apply(new ItemDeleted(item), new LogOffset(note.Deleted.Value - 1));
        }
    }

    /// <summary>Takes the notes off, when a checkpoint without the attributes has replaced the older ones.</summary>
    public void Finish()
    {
        foreach (var note in _journal.Interrupted) _journal.Finish(note);
    }
}

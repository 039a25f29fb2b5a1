using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog.Erasure;

/// <summary>Finishes erasures that a crash interrupted, before anything reads the log. One thread.</summary>
internal sealed class ErasureRecovery
{
    private readonly ErasureJournal _journal;
    private readonly IReadOnlyDictionary<string, LogOffset> _recorded;

    private ErasureRecovery(ErasureJournal journal, IReadOnlyDictionary<string, LogOffset> recorded) => (_journal, _recorded) = (journal, recorded);

    /// <summary>Whether checkpoints may hold a user that must be gone.</summary>
    public bool IsNeeded => _recorded.Count > 0;

    /// <summary>Takes users whose erasure was recorded out of the log's files.</summary>
    /// <exception cref="LogUnavailableException">The disk refused.</exception>
    public static async Task<ErasureRecovery> RunAsync(string model, ErasureJournal journal, InteractionLog log, ILogger logger)
    {
        var recorded = new Dictionary<string, LogOffset>(StringComparer.Ordinal);
        if (journal.Interrupted.Count == 0) return new ErasureRecovery(journal, recorded);
        CatalogLog.FinishingErasures(logger, journal.Interrupted.Count, model);
        foreach (var entry in log.ScanAll(log.FirstOffset, log.DurableOffset))
        {
            if (entry.Record is not UserErased erased) continue;
            var name = ErasureJournal.NameOf(erased.UserHash.Span);
            if (journal.Interrupted.Contains(name)) recorded[name] = new LogOffset(entry.Offset.Value + 1);
        }

        foreach (var (name, before) in recorded)
        {
            var erased = await log.EraseUsersAsync(id => ErasureJournal.NameOf(journal.HashOf(id)) == name, before);
            CatalogLog.UserErased(logger, model, erased.EntriesErased, erased.SegmentsRewritten);
        }

        return new ErasureRecovery(journal, recorded);
    }

    /// <summary>Takes them out of what a checkpoint brought back.</summary>
    public void Clean(UserHistories histories)
    {
        if (!IsNeeded) return;
        var id = new byte[UserDirectory.MaximumIdBytes];
        var events = new StoredEvent[histories.MaximumLength];
        for (var slot = 0; slot < histories.SlotCount; slot++)
        {
            if (!histories.TryReadSlot(slot, id, events, out var record)) continue;
            var user = Encoding.UTF8.GetString(id, 0, record.IdLength);
            // A version beyond the record is that of a user who came back after it.
            if (_recorded.TryGetValue(ErasureJournal.NameOf(_journal.HashOf(user)), out var before) && record.Version <= before.Value) histories.Remove(user);
        }
    }

    /// <summary>Takes the notes off, when a checkpoint without the users has replaced the older ones.</summary>
    public void Finish()
    {
        // One that was noted and never recorded was not acknowledged, and its user may have gone on since.
        foreach (var name in _journal.Interrupted) _journal.Finish(name);
    }
}

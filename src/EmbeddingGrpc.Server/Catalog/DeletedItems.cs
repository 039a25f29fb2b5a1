using EmbeddingGrpc.Server.Catalog.Columns;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>
/// Items that must not be answered because they were deleted. One writer (the applier), wait-free readers. By item key, so that it holds for
/// every generation of every model that the stream feeds: past ones, future ones and imported ones.
/// </summary>
/// <remarks>
/// Answers are cached under a <see cref="DeletionState.Revision"/>, which advances at most once a second: a shop that deletes all day keeps
/// its cache. What was deleted since is named by <see cref="DeletionState.Recent"/>, to be taken out of cached answers.
/// </remarks>
public sealed class DeletedItems(TimeProvider time)
{
    // More than this and searching anew costs less than taking them out of every cached answer.
    private const int MostRecent = 1000;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ItemSet _items = new();
    private readonly Lock _gate = new();
    private Snapshot _snapshot = new(new DeletionState(0, []), 0, null);
    private long _changes;

    /// <summary>Deleted items.</summary>
    public int Count => _items.Count;

    /// <summary>Rises with every deletion and every one taken back: who took all over at one number need not look again before there is another.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _items.SizeBytes;

    /// <summary>Under which revision to cache an answer that is searched from now on, and what to take out of an answer cached under it.</summary>
    public DeletionState Current
    {
        get
        {
            var snapshot = Volatile.Read(ref _snapshot);
            return snapshot.IsDue(time) ? Renew() : snapshot.State;
        }
    }

    /// <summary>Whether an item was deleted.</summary>
    public bool Contains(ItemKey item) => _items.Count > 0 && _items.Contains(item);

    /// <summary>Deletes an item. Writer only.</summary>
    /// <param name="item">The item.</param>
    /// <param name="itemId">Its id.</param>
    /// <param name="version">The log offset just behind the record.</param>
    internal void Add(ItemKey item, string itemId, long version)
    {
        if (!_items.Add(item)) return;
        Interlocked.Increment(ref _changes);
        lock (_gate)
        {
            var (state, _, changed) = _snapshot;
            state = state.Recent.Count < MostRecent ? state with { Recent = state.Recent.Add(itemId) } : new DeletionState(version, []);
            Volatile.Write(ref _snapshot, new Snapshot(state, version, changed ?? time.GetTimestamp()));
        }
    }

    /// <summary>Takes a deletion back. Writer only.</summary>
    /// <inheritdoc cref="Add"/>
    internal void Remove(ItemKey item, string itemId, long version)
    {
        if (!_items.Remove(item)) return;
        Interlocked.Increment(ref _changes);
        lock (_gate)
        {
            var (state, _, changed) = _snapshot;
            Volatile.Write(ref _snapshot, new Snapshot(state with { Recent = state.Recent.Remove(itemId) }, version, changed ?? time.GetTimestamp()));
        }
    }

    /// <summary>Restores a deletion from a checkpoint, before anyone reads.</summary>
    internal void Restore(ItemKey item, long version)
    {
        _items.Add(item);
        Interlocked.Increment(ref _changes);
        if (version > _snapshot.Through) _snapshot = new Snapshot(new DeletionState(version, []), version, null);
    }

    private DeletionState Renew()
    {
        lock (_gate)
        {
            if (_snapshot.IsDue(time)) Volatile.Write(ref _snapshot, new Snapshot(new DeletionState(_snapshot.Through, []), _snapshot.Through, null));
            return _snapshot.State;
        }
    }

    /// <param name="State">What readers are told.</param>
    /// <param name="Through">The log offset just behind the last record that changed the set.</param>
    /// <param name="Changed">When it first changed since the revision; null where it did not.</param>
    private sealed record Snapshot(DeletionState State, long Through, long? Changed)
    {
        public bool IsDue(TimeProvider time) => Changed is { } changed && time.GetElapsedTime(changed) >= Interval;
    }
}

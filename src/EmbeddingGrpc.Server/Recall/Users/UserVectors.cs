using System.Text;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Recall.Users;

/// <summary>
/// Vectors of users at unit length, in native memory, searched by looking at every one. Filled by one thread, then any number of readers, each with a lease; rows
/// are only ever taken out. It knows slots and hashes and no names: who left the histories has no name any more, and cannot be answered.
/// </summary>
#pragma warning disable CA1001 // The last lease frees what it owns: nobody disposes vectors that others may read.
internal sealed class UserVectors
#pragma warning restore CA1001
{
    private const int Nobody = -1;

    // Users who left between the search and the reading of their names cost no place of the answer, unless they are more.
    private const int Spare = 16;

    private readonly UserHistories _histories;
    private readonly EmbeddingMatrix _rows;
    private readonly VectorTable _table;
    private readonly ExactIndex _index;
    private readonly int[] _slots;
    private readonly ulong[] _hashes;

    // Of the history that the row was made of; 0 where the next table must make it anew.
    private readonly long[] _versions;
    private int _leases = 1;

    /// <summary>Makes an empty table. The caller holds the first lease.</summary>
    /// <param name="generation">Whose vectors users are made of.</param>
    /// <param name="histories">Where the users lie.</param>
    /// <param name="capacity">Users at most.</param>
    public UserVectors(Generation generation, UserHistories histories, int capacity)
    {
        (GenerationId, _histories) = (generation.Id, histories);
        (_slots, _hashes, _versions) = (new int[capacity], new ulong[capacity], new long[capacity]);
        Array.Fill(_slots, Nobody);
        _rows = new EmbeddingMatrix(capacity, generation.Input.Dimension);
        _table = VectorTable.FromMatrix(_rows);
        _index = new ExactIndex(_table, SimilarityMetric.DotProduct);
    }

    /// <summary>The generation whose vectors users are made of.</summary>
    public ulong GenerationId { get; }

    /// <summary>Floats of a vector.</summary>
    public int Dimension => _rows.Dimension;

    /// <summary>Rows, those included that were taken out since.</summary>
    public int Count { get; private set; }

    /// <summary>Memory held, in bytes.</summary>
    public long SizeBytes => _rows.SizeBytes + ((long)_slots.Length * (sizeof(int) + sizeof(ulong) + sizeof(long)));

    /// <summary>Events of a history at most.</summary>
    public int MaximumHistory => _histories.MaximumLength;

    /// <summary>What it was made of.</summary>
    public UserVectorSources Sources { get; init; }

    /// <summary>Room for the next user's vector, [dimension]; counts once it is added.</summary>
    public Span<float> Next => _rows[new ItemOrdinal(Count)];

    /// <summary>Adds the user whose vector was written to <see cref="Next"/>. Before anyone else sees the table.</summary>
    /// <param name="slot">Where the user lies; above that of the user before.</param>
    /// <param name="record">Who that is.</param>
    /// <param name="isSettled">Whether the vector stays as long as the history does.</param>
    public void Add(int slot, in UserRecord record, bool isSettled) =>
        (_slots[Count], _hashes[Count], _versions[Count++]) = (slot, record.Hash, isSettled ? record.Version : 0);

    /// <summary>Finds the settled row of a user of this very history, looking on from a row.</summary>
    /// <param name="row">Where to look on, and where that ended: slots rise.</param>
    /// <param name="slot">Where the user lies.</param>
    /// <param name="record">Who that is.</param>
    /// <param name="vector">Receives the vector, [dimension].</param>
    public bool TryCopy(ref int row, int slot, in UserRecord record, Span<float> vector)
    {
        while (row < Count && _slots[row] < slot) row++;
        if (row == Count || _slots[row] != slot || _hashes[row] != record.Hash || _versions[row] != record.Version) return false;
        _table[new ItemOrdinal(row)].CopyTo(vector);
        return true;
    }

    /// <summary>Takes a user out: no search that begins from now on finds the user, and the vector is gone.</summary>
    public void Forget(ulong hash)
    {
        for (var row = 0; row < Count; row++)
        {
            if (_hashes[row] != hash) continue;
            Volatile.Write(ref _slots[row], Nobody);
            (_hashes[row], _versions[row]) = (0, 0);
            // A search that reads it meanwhile finds a wrong product, and then nobody in the slot.
            _rows[new ItemOrdinal(row)].Clear();
        }
    }

    /// <summary>The users nearest to a vector who still have a history.</summary>
    /// <param name="vector">[dimension], of unit length.</param>
    /// <param name="k">How many, at least 1.</param>
    /// <param name="self">Hash of the user who must not be among them; null for none.</param>
    /// <param name="cancellationToken">Checked between blocks of rows.</param>
    /// <returns>Rows, nearest first; <paramref name="k"/> wherever as many are there.</returns>
    public List<Neighbor> Nearest(ReadOnlySpan<float> vector, int k, ulong? self, CancellationToken cancellationToken)
    {
        var nearest = new List<Neighbor>(k);
        if (Count == 0) return nearest;
        for (var wanted = k + Spare; ; wanted *= 2)
        {
            wanted = Math.Min(wanted, Count);
            var found = new Neighbor[wanted];
            var count = _index.Search(vector, new SearchParameters(wanted, Filter: new Others(this, self)), found, cancellationToken);
            nearest.Clear();
            for (var i = 0; i < count && nearest.Count < k; i++)
                if (IsThere(found[i].Item))
                    nearest.Add(found[i]);
            if (nearest.Count == k || count < wanted || wanted == Count) return nearest;
        }
    }

    /// <summary>The hash that stands for a user.</summary>
    public ulong HashOf(string userId) => _histories.Hash(Encoding.UTF8.GetBytes(userId));

    /// <summary>Reads the user of a row as of now.</summary>
    /// <param name="row">As found.</param>
    /// <param name="id">At least <see cref="UserDirectory.MaximumIdBytes"/> long.</param>
    /// <param name="events">At least <see cref="UserHistories.MaximumLength"/> long; receives the history, oldest first.</param>
    /// <param name="record">Receives the lengths.</param>
    /// <returns>False for a user who has no history any more.</returns>
    public bool TryRead(ItemOrdinal row, Span<byte> id, Span<StoredEvent> events, out UserRecord record)
    {
        record = default;
        var slot = Volatile.Read(ref _slots[row.Value]);
        // Another user may lie there by now.
        return slot != Nobody && _histories.TryReadSlot(slot, id, events, out record) && record.Hash == _hashes[row.Value];
    }

    /// <summary>A lease for a reader, from who holds one.</summary>
    public UserVectorsLease Lease()
    {
        Interlocked.Increment(ref _leases);
        return new UserVectorsLease(this);
    }

    /// <summary>Ends a lease; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _leases) > 0) return;
        _index.Dispose();
        _table.Dispose();
    }

    private bool IsThere(ItemOrdinal row)
    {
        var slot = Volatile.Read(ref _slots[row.Value]);
        return slot != Nobody && _histories.TryGlanceHash(slot, out var hash) && hash == _hashes[row.Value];
    }

    private sealed class Others(UserVectors users, ulong? self) : IItemFilter
    {
        public bool Accepts(ItemOrdinal item) => users._slots[item.Value] != Nobody && users._hashes[item.Value] != self;
    }
}

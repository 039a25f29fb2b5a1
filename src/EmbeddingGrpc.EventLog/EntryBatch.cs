using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog;

/// <summary>
/// The entries of one group, read at once: each id is there one time, as UTF-8, however often the rows use it. For those who follow the log and look
/// ids up: they need no string and look each up once. One owner; <see cref="InteractionLog.ScanBatches"/> fills it anew at each step.
/// </summary>
public sealed class EntryBatch
{
    private readonly List<EntryRow> _rows = [];
    private readonly List<RecordRow> _records = [];

    /// <summary>The offset after the last entry: everything before it that exists was in this batch or one before it.</summary>
    public LogOffset EndOffset { get; private set; }

    /// <summary>When the group was written, in milliseconds since the Unix epoch.</summary>
    public long CommitTimeMs { get; private set; }

    /// <summary>The interactions, in their order.</summary>
    public ReadOnlySpan<EntryRow> Rows => CollectionsMarshal.AsSpan(_rows);

    /// <summary>The other entries, in their order.</summary>
    public ReadOnlySpan<RecordRow> Records => CollectionsMarshal.AsSpan(_records);

    /// <summary>Users are 0..UserCount - 1, in the order in which the group names them first.</summary>
    public int UserCount => Decoder.Users.Count;

    /// <summary>Items are 0..ItemCount - 1, in the order in which the group names them first; records may name some that no row does.</summary>
    public int ItemCount => Decoder.Items.Count;

    /// <summary>Kept with the batch, so that following the tail makes no garbage.</summary>
    internal GroupDecoder Decoder { get; } = new();

    /// <summary>A user's id.</summary>
    /// <returns>1..256 bytes of UTF-8, valid until the batch is filled anew.</returns>
    public ReadOnlySpan<byte> UserId(int user) => Decoder.Users.Bytes(user);

    /// <summary>An item's id.</summary>
    /// <returns>1..256 bytes of UTF-8, valid until the batch is filled anew.</returns>
    public ReadOnlySpan<byte> ItemId(int item) => Decoder.Items.Bytes(item);

    /// <summary>Takes the entries in <c>[from, to)</c> of the group that the decoder has begun.</summary>
    /// <exception cref="InvalidDataException">The group is nonsense.</exception>
    internal void Fill(long from, long to, in GroupHeader header)
    {
        _rows.Clear();
        _records.Clear();
        EndOffset = new LogOffset(Math.Min(to, header.EndOffset));
        CommitTimeMs = header.CommitTimeMs;
        while (Decoder.TryReadRow(out var row, out var record, out var gap))
        {
            // Those before the range are decoded all the same: later ones refer to their ids.
            if (gap.Count > 0 || row.Offset.Value < from || row.Offset.Value >= to) continue;
            if (record is not null) _records.Add(new RecordRow(row.Offset, record, _rows.Count));
            else _rows.Add(row);
        }
    }
}

using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Server.Pipeline;

/// <summary>Applies groups of the log to the state. One thread.</summary>
/// <remarks>
/// An interaction touches about ten cache lines that no other touched lately: buckets, records, ids, events and counters of a million users and items. One
/// after the other they would cost a microsecond of waiting. So a slice of interactions is gone through in passes, each of which asks for the lines that the
/// next one reads; the waits of a pass overlap. Each distinct item is looked up once a group, each user once a slice.
/// </remarks>
internal sealed class BatchApplier
{
    // Long enough for waits to overlap, short enough for what was asked for to be in the cache still.
    private const int SliceLength = 256;

    private const int Unknown = -2;

    private readonly AppliedState _state;
    private readonly Action<LogRecord, LogOffset>? _onRecord;
    private readonly Action<LogOffset> _advance;
    private readonly AppliedBatch _applied;

    // By the group's numbers of users and items.
    private ulong[] _userHashes = [];
    private int[] _users = [];
    private uint[] _itemHashes = [];
    private int[] _items = [];

    private readonly int[] _sliceUsers = new int[SliceLength];
    private readonly int[] _sliceItems = new int[SliceLength];

    /// <summary>Prepares to apply.</summary>
    /// <param name="state">What is written.</param>
    /// <param name="onRecord">Told of each entry that is no interaction, after what is before it and the state's parts.</param>
    /// <param name="advance">Told how far the log is applied, every few hundred entries.</param>
    public BatchApplier(AppliedState state, Action<LogRecord, LogOffset>? onRecord, Action<LogOffset> advance)
    {
        (_state, _onRecord, _advance) = (state, onRecord, advance);
        _applied = new AppliedBatch(SliceLength, state.Parts.Select(part => part.ContextLength).DefaultIfEmpty().Max());
    }

    /// <summary>Applies a group.</summary>
    public void Apply(EntryBatch batch)
    {
        Prepare(batch);
        var done = 0;
        foreach (ref readonly var record in batch.Records)
        {
            ApplyRows(batch, batch.Rows[done..record.Before]);
            done = record.Before;
            foreach (var part in _state.Parts) part.Apply(record.Record, record.Offset);
            _onRecord?.Invoke(record.Record, record.Offset);
            _advance(After(record.Offset));
        }

        ApplyRows(batch, batch.Rows[done..]);
    }

    private static LogOffset After(LogOffset offset) => new(offset.Value + 1);

    private void Prepare(EntryBatch batch)
    {
        if (_users.Length < batch.UserCount) (_users, _userHashes) = (new int[batch.UserCount * 2], new ulong[batch.UserCount * 2]);
        if (_items.Length < batch.ItemCount) (_items, _itemHashes) = (new int[batch.ItemCount * 2], new uint[batch.ItemCount * 2]);
        _users.AsSpan(0, batch.UserCount).Fill(Unknown);
        _items.AsSpan(0, batch.ItemCount).Fill(Unknown);
    }

    private void ApplyRows(EntryBatch batch, ReadOnlySpan<EntryRow> rows)
    {
        while (rows.Length > 0)
        {
            var slice = rows[..Math.Min(SliceLength, rows.Length)];
            LookUp(batch, slice);
            ApplySlice(batch, slice);
            foreach (var part in _state.Parts) part.Apply(_applied);
            _advance(After(slice[^1].Offset));
            rows = rows[slice.Length..];
        }
    }

    private void LookUp(EntryBatch batch, ReadOnlySpan<EntryRow> slice)
    {
        var (histories, keys, counters) = (_state.Histories, _state.Items, _state.Counters);
        var (userCount, itemCount) = (0, 0);
        foreach (ref readonly var row in slice)
        {
            if (_users[row.User] == Unknown)
            {
                _users[row.User] = UserRecord.None;
                _sliceUsers[userCount++] = row.User;
                histories.WillFind(_userHashes[row.User] = histories.Hash(batch.UserId(row.User)));
            }

            if (_items[row.Item] == Unknown)
            {
                _items[row.Item] = UserRecord.None;
                _sliceItems[itemCount++] = row.Item;
                keys.WillFind(_itemHashes[row.Item] = keys.Hash(batch.ItemId(row.Item)));
            }
        }

        var users = _sliceUsers.AsSpan(0, userCount);
        var items = _sliceItems.AsSpan(0, itemCount);
        foreach (var user in users) histories.WillReadRecord(_userHashes[user]);
        foreach (var item in items) keys.WillReadId(_itemHashes[item]);
        foreach (var item in items) keys.WillCompareId(_itemHashes[item]);
        foreach (var user in users) _users[user] = histories.WillApply(batch.UserId(user), _userHashes[user]);
        foreach (var item in items) _items[item] = keys.GetOrAdd(batch.ItemId(item), _itemHashes[item]).Value;
        foreach (var item in items) counters.WillApply(new ItemKey(_items[item]));
    }

    private void ApplySlice(EntryBatch batch, ReadOnlySpan<EntryRow> slice)
    {
        _applied.Clear();
        foreach (ref readonly var row in slice)
        {
            var interaction = new HistoryEvent(new ItemKey(_items[row.Item]), row.Type, row.EventTimeMs, row.Weight);
            ref var user = ref _users[row.User];
            var change = _state.Histories.Apply(batch.UserId(row.User), _userHashes[row.User], ref user, interaction, row.Offset, out var place);
            _state.Counters.Apply(interaction, row.Offset);
            if (_state.Parts.Count > 0) _applied.Add(new AppliedInteraction(row.Offset, interaction, change == HistoryChange.Repeated), _state.Histories.EventsOf(user), place);
        }
    }
}

using EmbeddingGrpc.EventLog.Producers;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>Reads the payload of one group after another, an entry at a time. One owner. Throws <see cref="InvalidDataException"/> on nonsense.</summary>
internal sealed class GroupDecoder
{
    private readonly IdDictionaryReader _recalls;
    private ByteReader _input;
    private long _offset;
    private long _endOffset;
    private long _previousTimeMs;

    // Of the interaction read last.
    private int _recall;

    public GroupDecoder()
        : this(new IdStrings())
    {
    }

    /// <param name="strings">May be shared with others of the same owner.</param>
    public GroupDecoder(IdStrings strings)
    {
        Users = new IdDictionaryReader(strings);
        Items = new IdDictionaryReader(strings);
        _recalls = new IdDictionaryReader(strings);
    }

    /// <summary>The group's users so far.</summary>
    public IdDictionaryReader Users { get; }

    /// <summary>The group's items so far.</summary>
    public IdDictionaryReader Items { get; }

    /// <summary>Begins a group. <paramref name="payload"/> must stay as it is until the last entry is read.</summary>
    public void Begin(in GroupHeader header, byte[] payload, int start)
    {
        Users.Clear();
        Items.Clear();
        _recalls.Clear();
        _previousTimeMs = 0;
        _input = new ByteReader(payload, start, header.PayloadLength);
        _offset = header.BaseOffset;
        _endOffset = header.EndOffset;
        if (header.IsMark) return;
        for (var count = _input.ReadLength(); count > 0; count--) ProducerUpdate.Skip(ref _input);
    }

    /// <summary>The producers that a group moves forward.</summary>
    public static IEnumerable<ProducerUpdate> ReadProducers(GroupHeader header, byte[] payload, int start)
    {
        if (header.IsMark) yield break;
        var input = new ByteReader(payload, start, header.PayloadLength);
        for (var count = input.ReadLength(); count > 0; count--) yield return ProducerUpdate.Read(ref input);
    }

    /// <summary>The next entry; false after the last one. Gaps are passed over.</summary>
    public bool TryRead(out LogEntry entry)
    {
        while (TryReadOrGap(out entry, out var gap))
        {
            if (gap.Count == 0) return true;
        }
        return false;
    }

    /// <summary>The next entry, or the next run of offsets without one; false after the last.</summary>
    public bool TryReadOrGap(out LogEntry entry, out EntryGap gap)
    {
        entry = default;
        if (!TryReadRow(out var row, out var record, out gap)) return false;
        if (gap.Count > 0) return true;
        entry = record is not null ? new LogEntry(row.Offset, default, record) : new LogEntry(row.Offset, InteractionOf(row));
        return true;
    }

    /// <summary>The same with ids as numbers of <see cref="Users"/> and <see cref="Items"/>.</summary>
    /// <param name="row">An interaction; only its offset where <paramref name="record"/> or <paramref name="gap"/> is set.</param>
    /// <param name="record">An entry that is no interaction.</param>
    /// <param name="gap">A run of offsets without entries.</param>
    public bool TryReadRow(out EntryRow row, out LogRecord? record, out EntryGap gap)
    {
        row = default;
        record = null;
        gap = default;
        if (_offset >= _endOffset)
        {
            if (_input.Remaining != 0) throw new InvalidDataException($"{_input.Remaining} bytes follow the last entry");
            return false;
        }
        var tag = _input.ReadByte();
        if (tag < 0x80)
        {
            row = ReadInteraction(tag);
        }
        else if (tag is EntryTag.Erased or EntryTag.Lost)
        {
            var count = _input.ReadVarint();
            if (count == 0 || count > (ulong)(_endOffset - _offset)) throw new InvalidDataException("a run of missing entries is longer than its group");
            gap = new EntryGap(tag, (int)count);
            _offset += gap.Count;
        }
        else
        {
            record = RecordCodec.Read(tag, ref _input, Items);
            row = new EntryRow(new LogOffset(_offset++), -1, -1, default, 0, 0);
        }
        return true;
    }

    private Interaction InteractionOf(in EntryRow row) => new(
        Users.Text(row.User), Items.Text(row.Item), row.Type, row.EventTimeMs, row.Weight, _recall < 0 ? null : _recalls.Text(_recall));

    private EntryRow ReadInteraction(byte tag)
    {
        var user = Users.Read(ref _input);
        var item = Items.Read(ref _input);
        _previousTimeMs = unchecked(_previousTimeMs + _input.ReadZigzag());
        var weight = (tag & EntryTag.Weight) != 0 ? _input.ReadSingle() : 1f;
        _recall = (tag & EntryTag.Recall) != 0 ? _recalls.Read(ref _input) : -1;
        return new EntryRow(new LogOffset(_offset++), user, item, (InteractionType)(tag & EntryTag.TypeMask), _previousTimeMs, weight);
    }
}

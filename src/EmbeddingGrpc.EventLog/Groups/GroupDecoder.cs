using EmbeddingGrpc.EventLog.Producers;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>Reads the payload of one group after another, an entry at a time. One owner. Throws <see cref="InvalidDataException"/> on nonsense.</summary>
internal sealed class GroupDecoder
{
    private readonly IdDictionaryReader _users;
    private readonly IdDictionaryReader _items;
    private readonly IdDictionaryReader _recalls;
    private ByteReader _input;
    private long _offset;
    private long _endOffset;
    private long _previousTimeMs;

    public GroupDecoder()
        : this(new IdStrings())
    {
    }

    /// <param name="strings">May be shared with others of the same owner.</param>
    public GroupDecoder(IdStrings strings)
    {
        _users = new IdDictionaryReader(strings);
        _items = new IdDictionaryReader(strings);
        _recalls = new IdDictionaryReader(strings);
    }

    /// <summary>Begins a group. <paramref name="payload"/> must stay as it is until the last entry is read.</summary>
    public void Begin(in GroupHeader header, byte[] payload, int start)
    {
        _users.Clear();
        _items.Clear();
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
        gap = default;
        if (_offset >= _endOffset)
        {
            if (_input.Remaining != 0) throw new InvalidDataException($"{_input.Remaining} bytes follow the last entry");
            return false;
        }
        var tag = _input.ReadByte();
        if (tag < 0x80)
        {
            entry = new LogEntry(new LogOffset(_offset++), ReadInteraction(tag));
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
            entry = new LogEntry(new LogOffset(_offset++), default, RecordCodec.Read(tag, ref _input, _items));
        }
        return true;
    }

    private Interaction ReadInteraction(byte tag)
    {
        var user = _users.Read(ref _input);
        var item = _items.Read(ref _input);
        _previousTimeMs = unchecked(_previousTimeMs + _input.ReadZigzag());
        var weight = (tag & EntryTag.Weight) != 0 ? _input.ReadSingle() : 1f;
        var recall = (tag & EntryTag.Recall) != 0 ? _recalls.Read(ref _input) : null;
        return new Interaction(user, item, (InteractionType)(tag & EntryTag.TypeMask), _previousTimeMs, weight, recall);
    }
}

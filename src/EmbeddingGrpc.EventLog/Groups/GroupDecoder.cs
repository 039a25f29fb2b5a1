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
    {
        var strings = new IdStrings();
        _users = new IdDictionaryReader(strings);
        _items = new IdDictionaryReader(strings);
        _recalls = new IdDictionaryReader(strings);
    }

    /// <summary>Entries that were passed over because they were erased, in all groups so far.</summary>
    public long ErasedEntries { get; private set; }

    /// <summary>Entries that were passed over because damage has taken them, in all groups so far.</summary>
    public long LostEntries { get; private set; }

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

    /// <summary>The next entry; false after the last one.</summary>
    public bool TryRead(out LogEntry entry)
    {
        while (_offset < _endOffset)
        {
            var tag = _input.ReadByte();
            if (tag < 0x80)
            {
                entry = new LogEntry(new LogOffset(_offset++), ReadInteraction(tag));
                return true;
            }
            if (tag is not (EntryTag.Erased or EntryTag.Lost))
            {
                entry = new LogEntry(new LogOffset(_offset++), default, RecordCodec.Read(tag, ref _input, _items));
                return true;
            }
            var gap = _input.ReadVarint();
            if (gap == 0 || gap > (ulong)(_endOffset - _offset)) throw new InvalidDataException("a run of missing entries is longer than its group");
            _offset += (long)gap;
            if (tag == EntryTag.Erased) ErasedEntries += (long)gap;
            else LostEntries += (long)gap;
        }
        if (_input.Remaining != 0) throw new InvalidDataException($"{_input.Remaining} bytes follow the last entry");
        entry = default;
        return false;
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

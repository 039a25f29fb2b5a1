using EmbeddingGrpc.EventLog.Producers;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>
/// Builds the payload of one group: the producers it moves forward, then its entries, row by row, with ids as dictionary references and
/// times as differences. One owner; kept between groups.
/// </summary>
internal sealed class GroupEncoder
{
    private readonly ByteWriter _output = new(64 * 1024);
    private readonly ByteWriter _entries = new(256 * 1024);
    private readonly IdDictionaryWriter _users;
    private readonly IdDictionaryWriter _items;
    private readonly IdDictionaryWriter _recalls;
    private long _previousTimeMs;

    public GroupEncoder()
    {
        _users = new IdDictionaryWriter(_entries);
        _items = new IdDictionaryWriter(_entries);
        _recalls = new IdDictionaryWriter(_entries);
    }

    /// <summary>Offsets that the entries so far span.</summary>
    public int EntryCount { get; private set; }

    /// <summary>Bytes of the entries so far.</summary>
    public int EntryBytes => _entries.Length;

    public void Clear()
    {
        _entries.Clear();
        _users.Clear();
        _items.Clear();
        _recalls.Clear();
        _previousTimeMs = 0;
        EntryCount = 0;
    }

    public void Add(in Interaction interaction)
    {
        var hasWeight = interaction.Weight != 1f;
        var hasRecall = interaction.RecallId is not null;
        _entries.WriteByte((byte)((int)interaction.Type | (hasWeight ? EntryTag.Weight : 0) | (hasRecall ? EntryTag.Recall : 0)));
        _users.Write(interaction.UserId);
        _items.Write(interaction.ItemId);
        _entries.WriteZigzag(unchecked(interaction.EventTimeMs - _previousTimeMs));
        _previousTimeMs = interaction.EventTimeMs;
        if (hasWeight) _entries.WriteSingle(interaction.Weight);
        if (interaction.RecallId is { } recall) _recalls.Write(recall);
        EntryCount++;
    }

    public void Add(LogRecord record)
    {
        RecordCodec.Write(record, _entries, _items);
        EntryCount++;
    }

    /// <summary>Adds entries of which only the offsets are left.</summary>
    public void Add(EntryGap gap)
    {
        _entries.WriteByte(gap.Tag);
        _entries.WriteVarint((ulong)gap.Count);
        EntryCount += gap.Count;
    }

    /// <summary>The payload behind <see cref="GroupHeader.Size"/> bytes of room for its header; valid until the next call on this encoder.</summary>
    /// <param name="producers">Those that the group moves forward; may be empty.</param>
    public Span<byte> Finish(IReadOnlyCollection<ProducerUpdate> producers)
    {
        _output.Clear();
        _output.GetSpan(GroupHeader.Size);
        _output.Advance(GroupHeader.Size);
        _output.WriteVarint((ulong)producers.Count);
        foreach (var producer in producers) producer.Write(_output);
        _output.WriteBytes(_entries.Written);
        return _output.Written;
    }
}

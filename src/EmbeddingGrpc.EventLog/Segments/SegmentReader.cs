using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>Walks the groups of one segment whose entries lie in a range, up to where it was durable when the walk began. One owner.</summary>
internal sealed class SegmentReader : IDisposable
{
    private readonly Segment _segment;
    private readonly GroupDecoder _decoder;
    private readonly GroupCursor _cursor;
    private readonly long _from;
    private readonly long _limit;
    private long _position;
    private GroupHeader _header;
    private byte[] _payload = [];
    private int _start;

    public SegmentReader(Segment segment, GroupDecoder decoder, long from)
    {
        _segment = segment;
        _decoder = decoder;
        _from = from;
        _limit = segment.EndPosition;
        _cursor = new GroupCursor(segment.File, segment.Header.Salt);
        _position = segment.Index.Find(from) ?? segment.Header.Length;
    }

    /// <summary>The group that <see cref="TryRead"/> reads from.</summary>
    public GroupHeader Header => _header;

    /// <summary>Its producers.</summary>
    public IEnumerable<Producers.ProducerUpdate> Producers => GroupDecoder.ReadProducers(_header, _payload, _start);

    /// <summary>Moves to the next group with entries in the range; false where there is none before <paramref name="to"/>.</summary>
    /// <exception cref="LogCorruptException">The group is damaged.</exception>
    public bool MoveToGroup(long to)
    {
        while (_position < _limit)
        {
            if (!_cursor.TryReadHeader(_position, _limit, out _header)) throw Damaged(_position, "a group was expected");
            if (_header.BaseOffset >= to) return false;
            _segment.Index.Extend(_header.BaseOffset, _position);
            _position = _header.EndPosition;
            if (_header.EndOffset <= _from) continue;
            if (!_cursor.TryReadPayload(_header, _limit, out _payload, out _start)) throw Damaged(_header.Position, "the checksum of a group is wrong");
            try
            {
                _decoder.Begin(_header, _payload, _start);
                return true;
            }
            catch (InvalidDataException e)
            {
                throw Damaged(_header.Position, $"a group cannot be read: {e.Message}");
            }
        }
        return false;
    }

    /// <summary>The next entry of the group, whether in the range or not.</summary>
    /// <exception cref="LogCorruptException">The group cannot be decoded.</exception>
    public bool TryRead(out LogEntry entry)
    {
        try
        {
            return _decoder.TryRead(out entry);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(_header.Position, $"a group cannot be read: {e.Message}");
        }
    }

    /// <inheritdoc cref="GroupDecoder.TryReadOrGap"/>
    public bool TryReadOrGap(out LogEntry entry, out EntryGap gap)
    {
        try
        {
            return _decoder.TryReadOrGap(out entry, out gap);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(_header.Position, $"a group cannot be read: {e.Message}");
        }
    }

    /// <summary>All entries of the group that are in <c>[from, to)</c>.</summary>
    /// <exception cref="LogCorruptException">The group cannot be decoded.</exception>
    public void Fill(EntryBatch batch, long to)
    {
        try
        {
            batch.Fill(_from, to, _header);
        }
        catch (InvalidDataException e)
        {
            throw Damaged(_header.Position, $"a group cannot be read: {e.Message}");
        }
    }

    public void Dispose() => _cursor.Dispose();

    private LogCorruptException Damaged(long position, string reason) => new(_segment.Path, position, reason);
}

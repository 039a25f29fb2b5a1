using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;
using EmbeddingGrpc.EventLog.Producers;
using EmbeddingGrpc.EventLog.Segments;

namespace EmbeddingGrpc.EventLog.Inspection;

/// <summary>Walks all groups of a segment and goes on behind damage. One owner.</summary>
internal sealed class SegmentWalk(IFile file, SegmentHeader header) : IDisposable
{
    private readonly GroupCursor _cursor = new(file, header.Salt);
    private readonly GroupDecoder _check = new();
    private readonly long _length = file.Length;
    private long _position = header.Length;
    private GroupHeader _group;
    private byte[] _payload = [];
    private int _start;

    /// <summary>The offset that the next group should begin at: after damage it may be higher.</summary>
    public long NextOffset { get; private set; } = header.BaseOffset;

    /// <summary>The damage that <see cref="MoveNext"/> has come to; null if it has come to a group.</summary>
    public LogDamage? Damage { get; private set; }

    /// <summary>The group that it has come to.</summary>
    public GroupHeader Group => _group;

    /// <summary>What the group holds.</summary>
    public GroupContent Content { get; private set; }

    /// <summary>Its payload; valid until the next move.</summary>
    public ReadOnlySpan<byte> Payload => _payload.AsSpan(_start, _group.PayloadLength);

    /// <summary>Its producers.</summary>
    public IEnumerable<ProducerUpdate> Producers => GroupDecoder.ReadProducers(_group, _payload, _start);

    /// <summary>Makes a decoder read its entries.</summary>
    public void Begin(GroupDecoder decoder) => decoder.Begin(_group, _payload, _start);

    /// <summary>Moves to the next group or damage; false at the end of the file.</summary>
    public bool MoveNext()
    {
        if (_position >= _length) return false;
        var reason = WhyUnreadable(out var isWhole);
        if (reason is null)
        {
            Damage = null;
            NextOffset = _group.EndOffset;
            _position = _group.EndPosition;
            return true;
        }
        var begin = _position;
        var next = NextUsable(begin, out var isProven);
        _position = next ?? _length;
        // What a crash tears has a wrong checksum; nonsense under a right one was written so.
        Damage = new LogDamage(begin, _position - begin, reason, IsTornTail: !isProven && !isWhole);
        return true;
    }

    public void Dispose() => _cursor.Dispose();

    /// <summary>Reads the group at the position; null if it is in order.</summary>
    private string? WhyUnreadable(out bool isWhole)
    {
        isWhole = false;
        if (!_cursor.TryReadHeader(_position, _length, out _group)) return "a group was expected";
        if (!_cursor.TryReadPayload(_group, _length, out _payload, out _start)) return "the checksum of a group is wrong";
        isWhole = true;
        // Behind damage offsets are missing; elsewhere none may be, and never may any come twice.
        if (_group.BaseOffset < NextOffset || (_group.BaseOffset > NextOffset && Damage is null))
            return $"a group begins at offset {_group.BaseOffset} where {NextOffset} was expected";
        try
        {
            _check.Begin(_group, _payload, _start);
            Content = GroupContent.Count(_check);
            return null;
        }
        catch (InvalidDataException e)
        {
            return $"a group cannot be read: {e.Message}";
        }
    }

    /// <summary>The next group behind damage that offsets allow, and whether any group proves that the damaged place had been synced.</summary>
    private long? NextUsable(long damaged, out bool isProven)
    {
        isProven = false;
        long? next = null;
        foreach (var group in GroupSearch.WholeGroupsFrom(file, header.Salt, damaged + 1, _length))
        {
            if (next is null && group.BaseOffset >= NextOffset) next = group.Position;
            isProven |= group.SyncedEnd > damaged;
            if (next is not null && isProven) break;
        }
        return next;
    }
}

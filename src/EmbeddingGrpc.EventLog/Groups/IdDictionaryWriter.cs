using System.Text;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>
/// Writes ids as references into a dictionary that grows as the group is read: an id is spelled out where it first appears, after that
/// it is the distance back to its entry. One owner.
/// </summary>
/// <remarks>
/// A spelled-out id says how many bytes it shares with the one spelled out before it, since real ids share their beginnings ("user:",
/// "sku-"). Both lengths fit into one byte when they are short: high nibble shared, low nibble own; 15 means that a varint follows.
/// </remarks>
internal sealed class IdDictionaryWriter(ByteWriter output)
{
    private readonly Dictionary<string, int> _entries = [];
    private byte[] _previous = new byte[IdLimits.MaximumBytes];
    private byte[] _current = new byte[IdLimits.MaximumBytes];
    private int _previousLength;

    public void Clear()
    {
        _entries.Clear();
        _previousLength = 0;
    }

    public void Write(string id)
    {
        if (_entries.TryGetValue(id, out var index))
        {
            output.WriteVarint((ulong)(_entries.Count - index));
            return;
        }
        _entries.Add(id, _entries.Count);
        output.WriteByte(0);
        Spell(id);
    }

    private void Spell(string id)
    {
        var length = Encoding.UTF8.GetBytes(id, _current);
        var shared = _current.AsSpan(0, length).CommonPrefixLength(_previous.AsSpan(0, _previousLength));
        var own = length - shared;
        output.WriteByte((byte)(Math.Min(shared, 15) << 4 | Math.Min(own, 15)));
        if (shared >= 15) output.WriteVarint((ulong)shared - 15);
        if (own >= 15) output.WriteVarint((ulong)own - 15);
        output.WriteBytes(_current.AsSpan(shared, own));
        (_previous, _current) = (_current, _previous);
        _previousLength = length;
    }
}

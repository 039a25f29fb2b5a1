namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>Reads what <see cref="IdDictionaryWriter"/> wrote. One owner.</summary>
internal sealed class IdDictionaryReader(IdStrings strings)
{
    private readonly List<string> _entries = [];
    private readonly byte[] _spelled = new byte[IdLimits.MaximumBytes];
    private int _spelledLength;

    public void Clear()
    {
        _entries.Clear();
        _spelledLength = 0;
    }

    public string Read(ref ByteReader input)
    {
        var back = input.ReadVarint();
        if (back != 0)
        {
            if (back > (ulong)_entries.Count) throw new InvalidDataException("a reference to an id that does not exist");
            return _entries[_entries.Count - (int)back];
        }
        var id = Spell(ref input);
        _entries.Add(id);
        return id;
    }

    private string Spell(ref ByteReader input)
    {
        var lengths = input.ReadByte();
        var shared = ReadLength(lengths >> 4, ref input);
        var own = ReadLength(lengths & 15, ref input);
        if (shared > _spelledLength) throw new InvalidDataException("an id shares more bytes than the one before it has");
        if (shared + own > IdLimits.MaximumBytes) throw new InvalidDataException($"an id is longer than {IdLimits.MaximumBytes} bytes");
        input.ReadBytes(own).CopyTo(_spelled.AsSpan(shared));
        _spelledLength = shared + own;
        return strings.Get(_spelled.AsSpan(0, _spelledLength));
    }

    private static int ReadLength(int nibble, ref ByteReader input) =>
        nibble < 15 ? nibble : 15 + (int)Math.Min(input.ReadVarint(), IdLimits.MaximumBytes);
}

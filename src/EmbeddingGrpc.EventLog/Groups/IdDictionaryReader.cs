namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>Reads what <see cref="IdDictionaryWriter"/> wrote: ids as numbers, their bytes one behind the other, strings only for those who ask. One owner.</summary>
internal sealed class IdDictionaryReader(IdStrings strings)
{
    private byte[] _bytes = new byte[4096];

    // Entry i ends at _ends[i], where the next one begins.
    private int[] _ends = new int[256];
    private string?[] _texts = [];

    /// <summary>Ids so far: 0..Count - 1.</summary>
    public int Count { get; private set; }

    public void Clear()
    {
        Array.Clear(_texts, 0, Math.Min(Count, _texts.Length));
        Count = 0;
    }

    /// <summary>The UTF-8 of an id, valid until the next <see cref="Read"/>.</summary>
    public ReadOnlySpan<byte> Bytes(int id)
    {
        var start = StartOf(id);
        return _bytes.AsSpan(start, _ends[id] - start);
    }

    /// <summary>An id as a string.</summary>
    public string Text(int id)
    {
        if (id >= _texts.Length) Array.Resize(ref _texts, _ends.Length);
        return _texts[id] ??= strings.Get(Bytes(id));
    }

    /// <summary>The number of the id that comes next.</summary>
    public int Read(ref ByteReader input)
    {
        var back = input.ReadVarint();
        if (back == 0) return Spell(ref input);
        if (back > (ulong)Count) throw new InvalidDataException("a reference to an id that does not exist");
        return Count - (int)back;
    }

    private int Spell(ref ByteReader input)
    {
        var lengths = input.ReadByte();
        var shared = ReadLength(lengths >> 4, ref input);
        var own = ReadLength(lengths & 15, ref input);
        var start = StartOf(Count);
        var previous = Count == 0 ? 0 : StartOf(Count - 1);
        if (shared > start - previous) throw new InvalidDataException("an id shares more bytes than the one before it has");
        if (shared + own > IdLimits.MaximumBytes) throw new InvalidDataException($"an id is longer than {IdLimits.MaximumBytes} bytes");
        if (_bytes.Length - start < IdLimits.MaximumBytes) Grow();
        if (Count == _ends.Length) Array.Resize(ref _ends, _ends.Length * 2);
        _bytes.AsSpan(previous, shared).CopyTo(_bytes.AsSpan(start));
        input.ReadBytes(own).CopyTo(_bytes.AsSpan(start + shared));
        _ends[Count] = start + shared + own;
        return Count++;
    }

    private void Grow()
    {
        if (_bytes.Length == Array.MaxLength) throw new InvalidDataException("the ids of a group are longer than 2 GB");
        Array.Resize(ref _bytes, (int)Math.Min(_bytes.Length * 2L, Array.MaxLength));
    }

    private int StartOf(int id) => id == 0 ? 0 : _ends[id - 1];

    private static int ReadLength(int nibble, ref ByteReader input) =>
        nibble < 15 ? nibble : 15 + (int)Math.Min(input.ReadVarint(), IdLimits.MaximumBytes);
}

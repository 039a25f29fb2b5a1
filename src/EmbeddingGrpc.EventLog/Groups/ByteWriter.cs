using System.Buffers.Binary;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>A growing buffer of bytes, kept between groups. One owner.</summary>
internal sealed class ByteWriter(int capacity)
{
    private byte[] _buffer = new byte[capacity];

    public int Length { get; private set; }

    public Span<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Room for at least <paramref name="size"/> bytes; what is used of it is taken with <see cref="Advance"/>.</summary>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer.Length - Length < size) Grow(size);
        return _buffer.AsSpan(Length);
    }

    public void Advance(int count) => Length += count;

    public void WriteByte(byte value)
    {
        if (Length == _buffer.Length) Grow(1);
        _buffer[Length++] = value;
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Length += bytes.Length;
    }

    public void WriteSingle(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(GetSpan(sizeof(float)), value);
        Length += sizeof(float);
    }

    /// <summary>Seven bits a byte, lowest first; at most ten bytes.</summary>
    public void WriteVarint(ulong value)
    {
        var span = GetSpan(10);
        var count = 0;
        while (value >= 0x80)
        {
            span[count++] = (byte)(value | 0x80);
            value >>= 7;
        }
        span[count++] = (byte)value;
        Length += count;
    }

    /// <summary>Signed numbers near zero become short: 0, -1, 1, -2 ... are 0, 1, 2, 3 ...</summary>
    public void WriteZigzag(long value) => WriteVarint((ulong)(value << 1) ^ (ulong)(value >> 63));

    private void Grow(int size)
    {
        var needed = checked(Length + size);
        Array.Resize(ref _buffer, (int)Math.Max(needed, Math.Min(_buffer.Length * 2L, Array.MaxLength)));
    }
}

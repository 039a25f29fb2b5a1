using System.Buffers.Binary;

namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>Reads what <see cref="ByteWriter"/> wrote. Every read is checked against the end, so that no input can make it read or allocate beyond its bytes.</summary>
internal struct ByteReader(byte[] bytes, int start, int length)
{
    private readonly int _end = start + length;
    private int _position = start;

    public readonly int Remaining => _end - _position;

    public byte ReadByte()
    {
        if (_position >= _end) throw Truncated();
        return bytes[_position++];
    }

    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count < 0 || count > Remaining) throw Truncated();
        var span = bytes.AsSpan(_position, count);
        _position += count;
        return span;
    }

    public float ReadSingle() => BinaryPrimitives.ReadSingleLittleEndian(ReadBytes(sizeof(float)));

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = ReadByte();
            if (shift == 63 && next > 1) break;
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
        throw new InvalidDataException("a number is longer than 64 bits");
    }

    /// <summary>A count or a length: never more than what the bytes left could hold.</summary>
    public int ReadLength()
    {
        var value = ReadVarint();
        return value <= (ulong)Remaining ? (int)value : throw Truncated();
    }

    public long ReadZigzag()
    {
        var value = ReadVarint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    private static InvalidDataException Truncated() => new("it ends in the middle of a value");
}

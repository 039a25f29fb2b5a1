using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>The few shapes of the protobuf wire format that an answer needs, into a span that is large enough.</summary>
internal ref struct ProtobufWriter(Span<byte> buffer)
{
    private readonly Span<byte> _buffer = buffer;

    /// <summary>Bytes written.</summary>
    public int Position { get; private set; }

    public void Tag(int field, WireFormat.WireType type) => VarInt(WireFormat.MakeTag(field, type));

    public void VarInt(ulong value)
    {
        while (value > 0x7F)
        {
            _buffer[Position++] = (byte)(value | 0x80);
            value >>= 7;
        }

        _buffer[Position++] = (byte)value;
    }

    public void Single(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(_buffer[Position..], value);
        Position += sizeof(float);
    }

    public void Utf8(string value) => Position += Encoding.UTF8.GetBytes(value, _buffer[Position..]);

    public void LengthDelimited(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, WireFormat.WireType.LengthDelimited);
        VarInt((uint)value.Length);
        Bytes(value);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_buffer[Position..]);
        Position += value.Length;
    }
}

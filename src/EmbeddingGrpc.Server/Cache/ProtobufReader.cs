using Google.Protobuf;

namespace EmbeddingGrpc.Server.Cache;

/// <summary>Walks the fields of an encoded message without decoding them.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message)
{
    private readonly ReadOnlySpan<byte> _message = message;
    private int _position;

    /// <summary>The next field, or false at the end.</summary>
    /// <exception cref="InvalidDataException">Truncated, or not a message.</exception>
    public bool TryReadField(out EncodedField field)
    {
        field = default;
        if (_position == _message.Length) return false;
        var start = _position;
        var tag = VarInt();
        var length = LengthOf(WireFormat.GetTagWireType((uint)tag));
        if (length > (ulong)(_message.Length - _position)) throw Broken();
        var value = _message.Slice(_position, (int)length);
        _position += (int)length;
        field = new EncodedField(WireFormat.GetTagFieldNumber((uint)tag), _message[start.._position], value);
        return true;
    }

    /// <summary>Bytes of the value that begins here; a varint is read at once and leaves none.</summary>
    private ulong LengthOf(WireFormat.WireType type)
    {
        switch (type)
        {
            case WireFormat.WireType.Varint:
                VarInt();
                return 0;
            case WireFormat.WireType.Fixed32:
                return sizeof(uint);
            case WireFormat.WireType.Fixed64:
                return sizeof(ulong);
            case WireFormat.WireType.LengthDelimited:
                return VarInt();
            default:
                throw Broken();
        }
    }

    private ulong VarInt()
    {
        var value = 0UL;
        for (var shift = 0; shift < 64 && _position < _message.Length; shift += 7)
        {
            var next = _message[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }

        throw Broken();
    }

    private static InvalidDataException Broken() => new("An encoded answer is truncated or damaged.");
}

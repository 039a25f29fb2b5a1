using System.Buffers.Binary;
using System.Text;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Streaming;

/// <summary>
/// Writes one interaction as an element of <c>StreamEventsRequest.interactions</c> in protobuf's wire format, straight from the caller's text.
/// Generated messages would cost an object and two passes over each string.
/// </summary>
internal static class InteractionEncoder
{
    /// <summary>Longer ids are refused here, since a daemon takes 256 bytes and one request must stay far below gRPC's limit of a message.</summary>
    public const int MaximumIdLength = 1024;

    private const byte InteractionsTag = StreamEventsRequest.InteractionsFieldNumber << 3 | LengthDelimited;
    private const byte NumberTag = Interaction.NumberFieldNumber << 3;
    private const byte UserIdTag = Interaction.UserIdFieldNumber << 3 | LengthDelimited;
    private const byte ItemIdTag = Interaction.ItemIdFieldNumber << 3 | LengthDelimited;
    private const byte TypeTag = Interaction.TypeFieldNumber << 3;
    private const byte EventTimeTag = Interaction.EventTimeMsFieldNumber << 3;
    private const byte WeightTag = Interaction.WeightFieldNumber << 3 | Fixed32;
    private const byte RecallIdTag = Interaction.RecallIdFieldNumber << 3 | LengthDelimited;
    private const int LengthDelimited = 2;
    private const int Fixed32 = 5;

    /// <summary>Eight tags, three varints of ten bytes, a float and four lengths of at most two bytes come to 50.</summary>
    private const int MaximumOverhead = 64;

    // A lone surrogate has no UTF-8 form. Replacing it would store another id than the caller meant.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>An upper bound of what <see cref="Write"/> needs, in bytes.</summary>
    /// <exception cref="ArgumentException">An id is longer than <see cref="MaximumIdLength"/>.</exception>
    public static int MaximumSize(in InteractionFields fields)
    {
        var longest = Math.Max(Math.Max(fields.UserId.Length, fields.ItemId.Length), fields.RecallId.Length);
        if (longest > MaximumIdLength) throw new ArgumentException($"An id of {longest} characters is too long: at most 256 bytes of UTF-8 are taken.");
        return MaximumOverhead + 3 * (fields.UserId.Length + fields.ItemId.Length + fields.RecallId.Length);
    }

    /// <summary>Writes one interaction.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">An id is not Unicode text.</exception>
    public static int Write(Span<byte> destination, ulong number, in InteractionFields fields)
    {
        destination[0] = InteractionsTag;
        // One byte is left for the length: nearly every interaction is shorter than 128 bytes.
        const int BodyStart = 2;
        var body = destination[BodyStart..];
        var length = WriteVarint(body, 0, NumberTag, number);
        length = WriteText(body, length, UserIdTag, fields.UserId);
        length = WriteText(body, length, ItemIdTag, fields.ItemId);
        if (fields.Type != InteractionType.Unspecified) length = WriteVarint(body, length, TypeTag, (ulong)(long)(int)fields.Type);
        length = WriteVarint(body, length, EventTimeTag, (ulong)fields.EventTimeMs);
        if (fields.Weight is { } value)
        {
            body[length] = WeightTag;
            BinaryPrimitives.WriteSingleLittleEndian(body[(length + 1)..], value);
            length += 1 + sizeof(float);
        }
        if (!fields.RecallId.IsEmpty) length = WriteText(body, length, RecallIdTag, fields.RecallId);

        var lengthBytes = VarintSize((ulong)length);
        if (lengthBytes > 1) body[..length].CopyTo(destination[(1 + lengthBytes)..]);
        PutVarint(destination, 1, (ulong)length);
        return 1 + lengthBytes + length;
    }

    private static int WriteVarint(Span<byte> body, int position, byte tag, ulong value)
    {
        body[position] = tag;
        return PutVarint(body, position + 1, value);
    }

    private static int WriteText(Span<byte> body, int position, byte tag, ReadOnlySpan<char> text)
    {
        body[position++] = tag;
        try
        {
            // 42 characters are at most 126 bytes, so that their length is one byte and need not be counted first.
            const int ShortText = 42;
            if (text.Length <= ShortText)
            {
                var written = Utf8.GetBytes(text, body[(position + 1)..]);
                body[position] = (byte)written;
                return position + 1 + written;
            }
            position = PutVarint(body, position, (ulong)Utf8.GetByteCount(text));
            return position + Utf8.GetBytes(text, body[position..]);
        }
        catch (EncoderFallbackException e)
        {
            throw new ArgumentException("An id must be Unicode text: here a surrogate stands alone.", e);
        }
    }

    private static int PutVarint(Span<byte> destination, int position, ulong value)
    {
        while (value >= 0x80)
        {
            destination[position++] = (byte)(value | 0x80);
            value >>= 7;
        }
        destination[position++] = (byte)value;
        return position;
    }

    private static int VarintSize(ulong value)
    {
        var size = 1;
        while ((value >>= 7) != 0) size++;
        return size;
    }
}

using System.Collections.ObjectModel;
using System.Text;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>
/// An item's attributes as the bytes of a log record: a version, a count, and for each attribute, in the order of its name, the name, the
/// type and the value. Stateless.
/// </summary>
public static class AttributeCodec
{
    private const byte Version = 1;

    /// <summary>No attributes.</summary>
    public static IReadOnlyDictionary<string, AttributeValue> None => ReadOnlyDictionary<string, AttributeValue>.Empty;

    /// <summary>Encodes attributes; the same attributes always give the same bytes.</summary>
    public static byte[] Encode(IReadOnlyDictionary<string, AttributeValue> attributes)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        using var bytes = new MemoryStream();
        using var output = new BinaryWriter(bytes, Encoding.UTF8);
        output.Write(Version);
        output.Write7BitEncodedInt(attributes.Count);
        foreach (var (name, value) in attributes.OrderBy(attribute => attribute.Key, StringComparer.Ordinal))
        {
            output.Write(name);
            output.Write((byte)value.Type);
            Write(output, value);
        }

        output.Flush();
        return bytes.ToArray();
    }

    /// <summary>Decodes attributes.</summary>
    /// <returns>In the order of their names.</returns>
    /// <exception cref="InvalidDataException">Not such bytes, or of an unknown version; says which.</exception>
    public static IReadOnlyDictionary<string, AttributeValue> Decode(ReadOnlyMemory<byte> bytes)
    {
        using var stream = new MemoryStream(bytes.ToArray(), writable: false);
        using var input = new BinaryReader(stream, Encoding.UTF8);
        try
        {
            var version = input.ReadByte();
            if (version != Version) throw new InvalidDataException($"The attributes have format version {version}; this daemon reads version {Version}.");
            var attributes = new SortedDictionary<string, AttributeValue>(StringComparer.Ordinal);
            for (var left = input.Read7BitEncodedInt(); left > 0; left--) attributes.Add(input.ReadString(), Read(input));
            return stream.Position == stream.Length ? attributes : throw new InvalidDataException("The attributes go on after their end.");
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or ArgumentException or IOException)
        {
            throw new InvalidDataException($"The attributes cannot be read: {e.Message}", e);
        }
    }

    private static void Write(BinaryWriter output, AttributeValue value)
    {
        switch (value.Type)
        {
            case AttributeType.Text:
                output.Write(value.Text);
                break;
            case AttributeType.TextSet:
                output.Write7BitEncodedInt(value.TextSet.Count);
                foreach (var text in value.TextSet) output.Write(text);
                break;
            case AttributeType.Number:
                output.Write(value.Number);
                break;
            case AttributeType.Boolean:
                output.Write(value.Boolean);
                break;
            case AttributeType.Timestamp:
                output.Write(value.Timestamp.UtcTicks);
                break;
            default:
                throw new ArgumentException($"There is no attribute type {value.Type}.", nameof(value));
        }
    }

    private static AttributeValue Read(BinaryReader input)
    {
        var type = (AttributeType)input.ReadByte();
        return type switch
        {
            AttributeType.Text => AttributeValue.Of(input.ReadString()),
            AttributeType.TextSet => AttributeValue.Of(ReadTexts(input)),
            AttributeType.Number => AttributeValue.Of(input.ReadDouble()),
            AttributeType.Boolean => AttributeValue.Of(input.ReadBoolean()),
            AttributeType.Timestamp => AttributeValue.Of(new DateTimeOffset(input.ReadInt64(), TimeSpan.Zero)),
            _ => throw new InvalidDataException($"An attribute has the unknown type {(byte)type}."),
        };
    }

    private static List<string> ReadTexts(BinaryReader input)
    {
        var texts = new List<string>();
        for (var left = input.Read7BitEncodedInt(); left > 0; left--) texts.Add(input.ReadString());
        return texts;
    }
}

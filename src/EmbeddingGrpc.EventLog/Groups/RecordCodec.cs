namespace EmbeddingGrpc.EventLog.Groups;

/// <summary>Writes and reads the entries that are no interactions.</summary>
internal static class RecordCodec
{
    public static void Write(LogRecord record, ByteWriter output, IdDictionaryWriter items)
    {
        switch (record)
        {
            case ItemUpserted upserted:
                output.WriteByte(EntryTag.ItemUpserted);
                items.Write(upserted.ItemId);
                WriteBytes(output, upserted.Attributes.Span);
                break;
            case ItemDeleted deleted:
                output.WriteByte(EntryTag.ItemDeleted);
                items.Write(deleted.ItemId);
                break;
            case UserErased erased:
                output.WriteByte(EntryTag.UserErased);
                WriteBytes(output, erased.UserHash.Span);
                break;
            default:
                throw new ArgumentException($"The log has no kind of entry for {record.GetType().Name}.", nameof(record));
        }
    }

    /// <exception cref="InvalidDataException">The tag is unknown, or the bytes are nonsense.</exception>
    public static LogRecord Read(byte tag, ref ByteReader input, IdDictionaryReader items) => tag switch
    {
        EntryTag.ItemUpserted => new ItemUpserted(items.Text(items.Read(ref input)), ReadBytes(ref input)),
        EntryTag.ItemDeleted => new ItemDeleted(items.Text(items.Read(ref input))),
        EntryTag.UserErased => new UserErased(ReadBytes(ref input)),
        _ => throw new InvalidDataException($"an entry of the unknown kind 0x{tag:X2}; a newer version may have written it"),
    };

    private static void WriteBytes(ByteWriter output, ReadOnlySpan<byte> bytes)
    {
        output.WriteVarint((ulong)bytes.Length);
        output.WriteBytes(bytes);
    }

    private static byte[] ReadBytes(ref ByteReader input) => input.ReadBytes(input.ReadLength()).ToArray();
}

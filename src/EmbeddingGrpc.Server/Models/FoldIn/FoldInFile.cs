using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Pipeline;

namespace EmbeddingGrpc.Server.Models.FoldIn;

/// <summary>
/// What fold-in has gathered of new items, in a file beside the generation that they were folded into: so a start reads the log from there on, and not
/// from where the training ended. One thread at a time. A file that cannot be written or used costs a longer start and nothing else.
/// </summary>
/// <remarks>
/// Little-endian: magic, version, the generation's id, the offset, the number of items; for each its key, its interactions, its contexts seen, the
/// number of those kept, and for each of these what it refers to and its weight, negative for one that came after the item; XXH3 of all that. Vectors are
/// not kept: they follow from the contexts.
/// </remarks>
internal sealed class FoldInFile(string path, string model, DurableFiles files, ILogger logger)
{
    /// <summary>Its name in the generation's directory.</summary>
    public const string FileName = "fold-in.bin";

    private const ulong Magic = 0x4E_49_44_4C_4F_46_47_45;
    private const int Version = 1;
    private const int HeaderBytes = 8 + 4 + 8 + 8 + 4;
    private const int ItemBytes = 4 + 8 + 8 + 4;
    private const int ContextBytes = 4 + 4;

    /// <summary>Replaces the file in one step.</summary>
    /// <param name="generation">The generation's id.</param>
    /// <param name="through">Where the log is to be read on.</param>
    /// <param name="items">The items.</param>
    /// <param name="referenceOf">What is written for a context: its ordinal where that is one of the base, else the complement of its key.</param>
    /// <returns>Whether it was written; where not, why is logged.</returns>
    public bool TryWrite(ulong generation, LogOffset through, IReadOnlyCollection<FoldInItem> items, Func<ItemOrdinal, int> referenceOf)
    {
        try
        {
            files.Replace(path, stream => Write(stream, generation, through, items, referenceOf));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ModelLog.FoldInNotKept(logger, e, model, path, e.Message);
            return false;
        }
    }

    /// <summary>Reads the file.</summary>
    /// <param name="generation">The generation's id.</param>
    /// <param name="durable">The log's end: what is ahead of it belongs to another log, or to one that lost its tail.</param>
    /// <param name="baseItems">Items of the generation's base.</param>
    /// <returns>Null where there is none, or none that can be used; why not is logged.</returns>
    public KeptFoldIn? TryRead(ulong generation, LogOffset durable, int baseItems)
    {
        if (!File.Exists(path)) return null;
        try
        {
            return Read(File.ReadAllBytes(path), generation, durable, baseItems);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            ModelLog.KeptFoldInUnusable(logger, e, model, path, e.Message);
            return null;
        }
    }

    private static void Write(Stream stream, ulong generation, LogOffset through, IReadOnlyCollection<FoldInItem> items, Func<ItemOrdinal, int> referenceOf)
    {
        var hash = new XxHash3();
        var bytes = new byte[1024];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(12), generation);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(20), through.Value);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(28), items.Count);
        Append(bytes.AsSpan(0, HeaderBytes));
        foreach (var item in items)
        {
            var length = ItemBytes + (item.Contexts.Count * ContextBytes);
            if (bytes.Length < length) bytes = new byte[length];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, item.Key.Value);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(4), item.Count);
            BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(12), item.ContextsSeen);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), item.Contexts.Count);
            var at = bytes.AsSpan(ItemBytes);
            foreach (var context in item.Contexts)
            {
                BinaryPrimitives.WriteInt32LittleEndian(at, referenceOf(context.Item));
                BinaryPrimitives.WriteSingleLittleEndian(at[4..], context.IsBefore ? context.Weight : -context.Weight);
                at = at[ContextBytes..];
            }

            Append(bytes.AsSpan(0, length));
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes, hash.GetCurrentHashAsUInt64());
        stream.Write(bytes.AsSpan(0, sizeof(ulong)));

        void Append(ReadOnlySpan<byte> written)
        {
            hash.Append(written);
            stream.Write(written);
        }
    }

    private static KeptFoldIn Read(byte[] file, ulong generation, LogOffset durable, int baseItems)
    {
        if (file.Length < HeaderBytes + sizeof(ulong) || BinaryPrimitives.ReadUInt64LittleEndian(file) != Magic) throw new InvalidDataException("it is no such file");
        var bytes = file.AsSpan(0, file.Length - sizeof(ulong));
        if (XxHash3.HashToUInt64(bytes) != BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(bytes.Length))) throw new InvalidDataException("its checksum does not match");
        var version = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        if (version != Version) throw new InvalidDataException($"it has version {version} and this daemon reads version {Version}");
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]) != generation) throw new InvalidDataException("it is of another generation");
        var through = new LogOffset(BinaryPrimitives.ReadInt64LittleEndian(bytes[20..]));
        if (through > durable) throw new InvalidDataException($"it is ahead of the log: {through} against {durable}");
        var wanted = BinaryPrimitives.ReadInt32LittleEndian(bytes[28..]);
        var items = new List<KeptItem>(wanted);
        for (var at = bytes[HeaderBytes..]; items.Count < wanted;)
        {
            if (at.Length < ItemBytes) throw new InvalidDataException("it ends within an item");
            var key = BinaryPrimitives.ReadInt32LittleEndian(at);
            var (count, seen) = (BinaryPrimitives.ReadInt64LittleEndian(at[4..]), BinaryPrimitives.ReadInt64LittleEndian(at[12..]));
            var contexts = new KeptContext[BinaryPrimitives.ReadInt32LittleEndian(at[20..])];
            at = at[ItemBytes..];
            if (key < 0 || at.Length < (long)contexts.Length * ContextBytes) throw new InvalidDataException("it ends within an item");
            for (var i = 0; i < contexts.Length; i++, at = at[ContextBytes..])
            {
                var (reference, weight) = (BinaryPrimitives.ReadInt32LittleEndian(at), BinaryPrimitives.ReadSingleLittleEndian(at[4..]));
                if (reference >= baseItems) throw new InvalidDataException($"it refers to item {reference} of a generation of {baseItems}");
                contexts[i] = new KeptContext(reference, Math.Abs(weight), weight > 0);
            }

            items.Add(new KeptItem(new FoldInItem(new ItemKey(key), count, seen), contexts));
        }

        return new KeptFoldIn(through, items);
    }
}

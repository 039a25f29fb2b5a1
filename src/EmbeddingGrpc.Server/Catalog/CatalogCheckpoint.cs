using System.Text;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Catalog;

/// <summary>
/// The catalogue's part of a checkpoint: with it a start needs no record from before the checkpoint. Little-endian:
/// <code>
/// types: count i32 · { type u8 · name length u16 · name }
/// items: { id length u16 (0 ends them) · version i64 · length of the attributes i32 (-1 for a deleted item) · id · attributes }
/// </code>
/// Stateless.
/// </summary>
internal static class CatalogCheckpoint
{
    private const int Deleted = -1;

    /// <summary>Writes a catalogue beside its writer, which goes on: each item is consistent in itself, and replay passes over what it has already.</summary>
    /// <param name="output">The checkpoint.</param>
    /// <param name="catalog">The catalogue.</param>
    /// <param name="items">Their keys.</param>
    /// <param name="count">Keys that the checkpoint has. Of items that came later nothing may be kept: they would come back with other keys than those that the log gives them.</param>
    /// <param name="beforeEach">Called before each item; what it throws ends the work.</param>
    public static void Write(CheckpointOutput output, ItemCatalog catalog, ItemKeys items, int count, Action beforeEach)
    {
        WriteTypes(output, catalog.Schema);
        for (var item = 0; item < count; item++)
        {
            beforeEach();
            var key = new ItemKey(item);
            if (catalog.EntryOf(key) is not { } entry) continue;
            var id = items.Utf8IdOf(key);
            output.Write((ushort)id.Length);
            output.Write(entry.Version);
            output.Write(entry.Attributes?.Length ?? Deleted);
            output.Write(id);
            if (entry.Attributes is { } attributes) output.Write(attributes.Span);
        }

        output.Write((ushort)0);
    }

    /// <summary>Fills an empty catalogue.</summary>
    /// <exception cref="CheckpointCorruptException">It is not what <see cref="Write"/> wrote.</exception>
    public static void Read(CheckpointInput input, ItemCatalog catalog)
    {
        ReadTypes(input, catalog.Schema);
        try
        {
            for (var length = input.Read<ushort>(); length > 0; length = input.Read<ushort>())
            {
                var version = input.Read<long>();
                var attributeBytes = input.Read<int>();
                var id = Encoding.UTF8.GetString(input.Take(length));
                ReadOnlyMemory<byte>? attributes = null;
                if (attributeBytes != Deleted) attributes = input.Take(attributeBytes).ToArray();
                catalog.Restore(id, new CatalogEntry(version, attributes));
            }
        }
        catch (InvalidDataException e)
        {
            throw new CheckpointCorruptException(e.Message);
        }
    }

    private static void WriteTypes(CheckpointOutput output, AttributeSchema schema)
    {
        var types = schema.Types.ToArray();
        output.Write(types.Length);
        foreach (var (name, type) in types)
        {
            var bytes = Encoding.UTF8.GetBytes(name);
            output.Write((byte)type);
            output.Write((ushort)bytes.Length);
            output.Write(bytes);
        }
    }

    private static void ReadTypes(CheckpointInput input, AttributeSchema schema)
    {
        for (var left = input.Read<int>(); left > 0; left--)
        {
            var type = (AttributeType)input.Read<byte>();
            schema.Restore(Encoding.UTF8.GetString(input.Take(input.Read<ushort>())), type);
        }
    }
}

using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Catalog;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>
/// Reads checkpoints of version 3: the sections of <see cref="CheckpointFormat"/> one behind the other, without their table, with a count and names before those
/// of the parts, no count before the users, and one checksum of all. Stateless.
/// <code>
/// magic u64 · version u32 · start offset i64 · users · items · counters · catalogue · count u8 · { name length u8 · name · part } · end offset i64 · XxHash3 u64
/// </code>
/// </summary>
internal static class OlderCheckpoint
{
    public const uint Version = 3;

    /// <summary>Checks the whole file, then reads where it ends in the log.</summary>
    /// <exception cref="CheckpointCorruptException">Its checksum is wrong.</exception>
    public static CheckpointBounds ReadBounds(IFile file, CheckpointHeader header)
    {
        if (!IsIntact(file)) throw new CheckpointCorruptException("its checksum is wrong");
        Span<byte> end = stackalloc byte[sizeof(long)];
        file.Read(file.Length - CheckpointFormat.ChecksumBytes - sizeof(long), end);
        return new CheckpointBounds(header.Start, new LogOffset(BinaryPrimitives.ReadInt64LittleEndian(end)));
    }

    /// <summary>Fills a state.</summary>
    /// <param name="file">Checked by <see cref="ReadBounds"/>.</param>
    /// <param name="state">Empty.</param>
    public static void Read(IFile file, AppliedState state)
    {
        var input = new CheckpointInput(file, CheckpointFormat.HeaderBytes, file.Length - CheckpointFormat.HeaderBytes - CheckpointFormat.ChecksumBytes);
        CheckpointSections.ReadUsers(input, state.Histories);
        var items = CheckpointSections.ReadItems(input, state.Items);
        CheckpointSections.ReadCounters(input, state.Counters, items);
        CatalogCheckpoint.Read(input, state.Catalog);
        ReadParts(input, state.Parts);
    }

    /// <summary>Whether the checksum at the end is that of what is before it.</summary>
    /// <param name="file">A checkpoint.</param>
    /// <param name="version">What to take for its version, whatever it says; null is what it says.</param>
    public static bool IsIntact(IFile file, uint? version = null)
    {
        var end = file.Length - CheckpointFormat.ChecksumBytes;
        var checksum = new XxHash3();
        var buffer = new byte[CheckpointFormat.BlockBytes];
        for (var position = 0L; position < end;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - position));
            if (file.Read(position, part) < part.Length) throw new CheckpointCorruptException("it became shorter while it was read");
            if (position == 0 && version is { } other) BinaryPrimitives.WriteUInt32LittleEndian(part[sizeof(ulong)..], other);
            checksum.Append(part);
            position += part.Length;
        }

        Span<byte> stored = stackalloc byte[CheckpointFormat.ChecksumBytes];
        file.Read(end, stored);
        return BinaryPrimitives.ReadUInt64LittleEndian(stored) == checksum.GetCurrentHashAsUInt64();
    }

    // Sections do not tell how long they are, so all of them must be known, in their order. Where they are not, replaying the log makes them.
    private static void ReadParts(CheckpointInput input, IReadOnlyList<IAppliedPart> parts)
    {
        var count = input.Read<byte>();
        if (count != parts.Count) throw new CheckpointCorruptException($"it has {count} further sections, and this version keeps {parts.Count}");
        foreach (var part in parts)
        {
            var name = Encoding.UTF8.GetString(input.Take(input.Read<byte>()));
            if (name != part.Name) throw new CheckpointCorruptException($"it has a section '{name}' where '{part.Name}' was expected");
            part.Read(input);
        }
    }
}

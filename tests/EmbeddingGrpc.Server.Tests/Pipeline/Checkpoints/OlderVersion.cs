using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

/// <summary>A checkpoint as a version before 6 of the format had it: users one behind the other instead of pages.</summary>
internal static class OlderVersion
{
    /// <summary>Writes what a checkpoint has anew, in its place.</summary>
    /// <param name="path">The checkpoint.</param>
    /// <param name="version">4 or 5; with 4, none of its parts has pages.</param>
    /// <param name="users">Those that it was written of.</param>
    public static void Replace(string path, uint version, UserHistories users)
    {
        var bytes = File.ReadAllBytes(path);
        var table = WrittenCheckpoint.TableOf(path);
        using var older = new MemoryStream();
        older.Write(bytes, 0, CheckpointFormat.HeaderBytes);
        var sections = new List<CheckpointSection>();
        foreach (var section in table.Sections)
        {
            var content = bytes[(int)section.Position..(int)(section.Position + section.Length)];
            if (section.Name == CheckpointFormat.Users) content = StreamOf(users);
            else if (section.Name == "item graph" && version == CheckpointFormat.VersionWithoutUserPages) content = [.. new byte[ToPage(older.Position)], .. content[ToPage(section.Position)..]];
            sections.Add(new CheckpointSection(section.Name, older.Position, content.Length, [.. content.Chunk(CheckpointFormat.BlockBytes).Select(block => XxHash3.HashToUInt64(block))]));
            older.Write(content);
        }

        bytes = older.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(sizeof(ulong)), version);
        File.WriteAllBytes(path, bytes);
        using var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Write);
        (table with { Sections = sections }).Write(file, bytes.Length, CheckpointHeader.Read(file));
    }

    private static int ToPage(long position) => (int)((CheckpointFormat.PageBytes - (position % CheckpointFormat.PageBytes)) % CheckpointFormat.PageBytes);

    private static byte[] StreamOf(UserHistories users)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(users.UserCount);
        var (id, events) = (new byte[UserDirectory.MaximumIdBytes], new StoredEvent[users.MaximumLength]);
        for (var slot = 0; slot < users.SlotCount; slot++)
        {
            if (!users.TryReadSlot(slot, id, events, out var record)) continue;
            writer.Write(record.IdLength);
            writer.Write(record.EventCount);
            writer.Write(record.Version);
            writer.Write(id.AsSpan(0, record.IdLength));
            writer.Write(MemoryMarshal.AsBytes(events.AsSpan(0, record.EventCount)));
        }

        writer.Write((ushort)0);
        return stream.ToArray();
    }
}

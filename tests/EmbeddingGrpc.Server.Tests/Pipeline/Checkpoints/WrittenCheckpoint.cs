using System.Buffers.Binary;
using System.IO.Hashing;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

/// <summary>Rewrites a checkpoint file so that everything in it is what its checksums say.</summary>
internal static class WrittenCheckpoint
{
    /// <summary>Its table.</summary>
    public static CheckpointTable TableOf(string path)
    {
        using var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Read);
        return CheckpointTable.Read(file, CheckpointHeader.Read(file));
    }

    /// <summary>Gives it the number of another version.</summary>
    public static void Renumber(string path, uint version)
    {
        var bytes = File.ReadAllBytes(path);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(sizeof(ulong)), version);
        var table = bytes.Length - 12 - BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(bytes.Length - 12));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8), XxHash3.HashToUInt64([.. bytes[..CheckpointFormat.HeaderBytes], .. bytes[table..^8]]));
        File.WriteAllBytes(path, bytes);
    }

    /// <summary>Changes a section in its place, and the checksums with it.</summary>
    public static void Change(string path, string name, Action<byte[]> change)
    {
        var table = TableOf(path);
        var bytes = File.ReadAllBytes(path);
        var section = table.Sections.Single(section => section.Name == name);
        var content = bytes.AsSpan((int)section.Position, (int)section.Length).ToArray();
        change(content);
        content.CopyTo(bytes, section.Position);
        var changed = section with { Checksums = [.. content.Chunk(CheckpointFormat.BlockBytes).Select(block => XxHash3.HashToUInt64(block))] };
        var end = table.Sections.Max(each => each.Position + each.Length);
        File.WriteAllBytes(path, bytes[..(int)end]);
        using var file = DiskFileSystem.Instance.Open(path, FileOpenMode.Write);
        (table with { Sections = [.. table.Sections.Select(each => each == section ? changed : each)] }).Write(file, end, CheckpointHeader.Read(file));
    }
}

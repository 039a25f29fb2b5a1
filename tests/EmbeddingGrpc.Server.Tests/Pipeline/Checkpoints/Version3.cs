using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Checkpoints;

namespace EmbeddingGrpc.Server.Tests.Pipeline.Checkpoints;

/// <summary>A checkpoint as version 3 of the format had it: the sections of <see cref="OlderVersion"/> one behind the other, without a table.</summary>
internal static class Version3
{
    private const int OwnSections = 4;

    /// <summary>Writes what a checkpoint has anew, in its place.</summary>
    /// <param name="path">The checkpoint; none of its parts has pages.</param>
    /// <param name="users">Those that it was written of.</param>
    public static void Replace(string path, UserHistories users)
    {
        OlderVersion.Replace(path, CheckpointFormat.VersionWithoutPages, users);
        var bytes = File.ReadAllBytes(path);
        var table = WrittenCheckpoint.TableOf(path);
        using var older = new MemoryStream();
        older.Write(bytes, 0, CheckpointFormat.HeaderBytes);
        older.Position = sizeof(ulong);
        older.Write([3, 0, 0, 0]);
        older.Position = CheckpointFormat.HeaderBytes;
        for (var i = 0; i < table.Sections.Count; i++)
        {
            var section = table.Sections[i];
            if (i == OwnSections) older.WriteByte((byte)(table.Sections.Count - OwnSections));
            if (i >= OwnSections)
            {
                older.WriteByte((byte)Encoding.UTF8.GetByteCount(section.Name));
                older.Write(Encoding.UTF8.GetBytes(section.Name));
            }

            // It did not say how many users there were.
            var left = section.Name == CheckpointFormat.Users ? sizeof(int) : 0;
            older.Write(bytes, (int)section.Position + left, (int)section.Length - left);
        }

        if (table.Sections.Count == OwnSections) older.WriteByte(0);
        var end = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(end, table.End.Value);
        older.Write(end);
        BinaryPrimitives.WriteUInt64LittleEndian(end, XxHash3.HashToUInt64(older.ToArray()));
        older.Write(end);
        File.WriteAllBytes(path, older.ToArray());
    }
}

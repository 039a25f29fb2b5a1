using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>The sections of a checkpoint, written behind them. Immutable.</summary>
/// <param name="End">No section has anything of the log from here on.</param>
/// <param name="Sections">In the order of the file.</param>
internal sealed record CheckpointTable(LogOffset End, IReadOnlyList<CheckpointSection> Sections)
{
    // Behind the table itself.
    private const int TrailerBytes = sizeof(int) + CheckpointFormat.ChecksumBytes;

    /// <summary>Reads the table of a whole checkpoint.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="header">What it begins with, which the table's checksum covers.</param>
    /// <exception cref="CheckpointCorruptException">Header or table are damaged.</exception>
    public static CheckpointTable Read(IFile file, CheckpointHeader header)
    {
        var end = file.Length - TrailerBytes;
        Span<byte> trailer = stackalloc byte[TrailerBytes];
        if (end < CheckpointFormat.HeaderBytes || file.Read(end, trailer) < trailer.Length) throw new CheckpointCorruptException("it is shorter than its table");
        var length = BinaryPrimitives.ReadInt32LittleEndian(trailer);
        if (length < 0 || length > end - CheckpointFormat.HeaderBytes) throw new CheckpointCorruptException("its table has a length that cannot be");
        var table = new byte[length];
        if (file.Read(end - length, table) < length) throw new CheckpointCorruptException("it became shorter while it was read");
        if (BinaryPrimitives.ReadUInt64LittleEndian(trailer[sizeof(int)..]) != ChecksumOf(header, table)) throw new CheckpointCorruptException("the checksum of its table is wrong");
        return Parse(table);
    }

    /// <summary>Writes the table behind the last section.</summary>
    public void Write(IFile file, long position, CheckpointHeader header)
    {
        using var table = new MemoryStream();
        using (var writer = new BinaryWriter(table, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(End.Value);
            writer.Write(checked((byte)Sections.Count));
            foreach (var section in Sections)
            {
                var name = Encoding.UTF8.GetBytes(section.Name);
                writer.Write(checked((byte)name.Length));
                writer.Write(name);
                writer.Write(section.Position);
                writer.Write(section.Length);
                foreach (var checksum in section.Checksums) writer.Write(checksum);
            }
        }

        var length = (int)table.Length;
        var checksumOfAll = ChecksumOf(header, table.GetBuffer().AsSpan(0, length));
        using (var writer = new BinaryWriter(table, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(length);
            writer.Write(checksumOfAll);
        }

        file.Write(position, table.GetBuffer().AsSpan(0, (int)table.Length));
    }

    // Its checksum is right, so it is what Write wrote.
    private static CheckpointTable Parse(byte[] table)
    {
        using var reader = new BinaryReader(new MemoryStream(table), Encoding.UTF8);
        var end = new LogOffset(reader.ReadInt64());
        var sections = new CheckpointSection[reader.ReadByte()];
        for (var i = 0; i < sections.Length; i++)
        {
            var name = Encoding.UTF8.GetString(reader.ReadBytes(reader.ReadByte()));
            var (position, length) = (reader.ReadInt64(), reader.ReadInt64());
            var checksums = new ulong[CheckpointSection.BlocksOf(length)];
            for (var block = 0; block < checksums.Length; block++) checksums[block] = reader.ReadUInt64();
            sections[i] = new CheckpointSection(name, position, length, checksums);
        }

        return new CheckpointTable(end, sections);
    }

    private static ulong ChecksumOf(CheckpointHeader header, ReadOnlySpan<byte> table)
    {
        var checksum = new XxHash3();
        Span<byte> bytes = stackalloc byte[CheckpointFormat.HeaderBytes];
        header.Write(bytes);
        checksum.Append(bytes);
        checksum.Append(table);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, table.Length);
        checksum.Append(bytes[..sizeof(int)]);
        return checksum.GetCurrentHashAsUInt64();
    }
}

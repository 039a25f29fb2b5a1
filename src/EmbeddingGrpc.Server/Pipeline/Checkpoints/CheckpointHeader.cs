using System.Buffers.Binary;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Files;

namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>What a checkpoint of any version begins with. Immutable.</summary>
/// <param name="Version">Of the format.</param>
/// <param name="Start">Replay must begin here.</param>
internal readonly record struct CheckpointHeader(uint Version, LogOffset Start)
{
    /// <exception cref="CheckpointCorruptException">It is no checkpoint.</exception>
    public static CheckpointHeader Read(IFile file)
    {
        Span<byte> bytes = stackalloc byte[CheckpointFormat.HeaderBytes];
        if (file.Read(0, bytes) < bytes.Length) throw new CheckpointCorruptException("it is shorter than its header");
        if (BinaryPrimitives.ReadUInt64LittleEndian(bytes) != CheckpointFormat.Magic) throw new CheckpointCorruptException("it is no checkpoint");
        return new CheckpointHeader(BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]), new LogOffset(BinaryPrimitives.ReadInt64LittleEndian(bytes[12..])));
    }

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, CheckpointFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[8..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[12..], Start.Value);
    }
}

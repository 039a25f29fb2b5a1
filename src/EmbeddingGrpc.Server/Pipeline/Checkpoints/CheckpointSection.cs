namespace EmbeddingGrpc.Server.Pipeline.Checkpoints;

/// <summary>Where a section of a checkpoint lies, and what its bytes must be.</summary>
/// <param name="Name">What it has.</param>
/// <param name="Position">Its first byte in the file.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Checksums">XxHash3 of each block of <see cref="CheckpointFormat.BlockBytes"/>.</param>
internal sealed record CheckpointSection(string Name, long Position, long Length, IReadOnlyList<ulong> Checksums)
{
    /// <summary>Blocks of so many bytes, the last of which may be shorter.</summary>
    public static long BlocksOf(long length) => (length + CheckpointFormat.BlockBytes - 1) / CheckpointFormat.BlockBytes;

    /// <summary>What is left of it without its first blocks.</summary>
    public CheckpointSection From(int block)
    {
        var before = (long)block * CheckpointFormat.BlockBytes;
        return this with { Position = Position + before, Length = Length - before, Checksums = [.. Checksums.Skip(block)] };
    }
}

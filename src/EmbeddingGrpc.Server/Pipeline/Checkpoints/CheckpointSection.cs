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
}

using System.Buffers;
using System.IO.Hashing;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Recovery;

/// <summary>Looks behind a damaged group for valid ones.</summary>
internal static class TornTail
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Searches every byte position after a damaged group.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="salt">The segment's.</param>
    /// <param name="position">Where the damaged group begins.</param>
    /// <param name="length">The file's length.</param>
    /// <returns>
    /// The first group that proves that the damaged place had been synced, if there is one; otherwise how many entries stand in whole groups after
    /// the damage, written without a sync and lost with it.
    /// </returns>
    public static (GroupHeader? Proof, long LostEntries) Search(IFile file, long salt, long position, long length)
    {
        var lost = 0L;
        foreach (var group in WholeGroupsAfter(file, salt, position, length))
        {
            if (group.SyncedEnd > position) return (group, lost);
            lost += group.EntryCount;
        }
        return (null, lost);
    }

    /// <summary>The whole groups that begin after a position, wherever they stand.</summary>
    public static IEnumerable<GroupHeader> WholeGroupsAfter(IFile file, long salt, long position, long length)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            var blockPosition = position + 1;
            while (length - blockPosition >= GroupHeader.Size)
            {
                var read = file.Read(blockPosition, block.AsSpan(0, (int)Math.Min(BlockSize, length - blockPosition)));
                if (read < GroupHeader.Size) yield break;
                var next = blockPosition + read - GroupHeader.Size + 1;
                for (var at = NextMagic(block, 0, read); at >= 0; at = NextMagic(block, at + 1, read))
                {
                    if (!GroupHeader.TryRead(block.AsSpan(at, GroupHeader.Size), salt, out var header)
                        || header.Position != blockPosition + at
                        || !IsWhole(file, salt, header, length))
                    {
                        continue;
                    }
                    yield return header;
                    next = header.EndPosition;
                    break;
                }
                blockPosition = next;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    /// <summary>The next place in a block where a header could begin and end; -1 if there is none.</summary>
    private static int NextMagic(byte[] block, int from, int length)
    {
        var last = length - GroupHeader.Size + GroupHeader.Magic.Length;
        if (from >= last) return -1;
        var found = block.AsSpan(from, last - from).IndexOf(GroupHeader.Magic);
        return found < 0 ? -1 : from + found;
    }

    private static bool IsWhole(IFile file, long salt, GroupHeader header, long length)
    {
        if (header.EndPosition > length) return false;
        var hash = new XxHash3(salt);
        var buffer = new byte[Math.Min(BlockSize, header.PayloadLength)];
        for (var at = header.Position + GroupHeader.Size; at < header.EndPosition;)
        {
            var read = file.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, header.EndPosition - at)));
            if (read == 0) return false;
            hash.Append(buffer.AsSpan(0, read));
            at += read;
        }
        return hash.GetCurrentHashAsUInt64() == header.PayloadHash;
    }
}

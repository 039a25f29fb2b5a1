using System.Buffers;
using System.IO.Hashing;
using EmbeddingGrpc.EventLog.Files;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.EventLog.Segments;

/// <summary>Looks for groups behind damage, at every byte.</summary>
internal static class GroupSearch
{
    private const int BlockSize = 256 * 1024;

    /// <summary>The whole groups that begin at or after a position, wherever they stand.</summary>
    /// <param name="file">The segment.</param>
    /// <param name="salt">The segment's.</param>
    /// <param name="position">Where to begin.</param>
    /// <param name="length">The file's length.</param>
    public static IEnumerable<GroupHeader> WholeGroupsFrom(IFile file, long salt, long position, long length)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (length - position >= GroupHeader.Size)
            {
                var read = file.Read(position, block.AsSpan(0, (int)Math.Min(BlockSize, length - position)));
                if (read < GroupHeader.Size) yield break;
                var next = position + read - GroupHeader.Size + 1;
                for (var at = NextMagic(block, 0, read); at >= 0; at = NextMagic(block, at + 1, read))
                {
                    if (!GroupHeader.TryRead(block.AsSpan(at, GroupHeader.Size), salt, out var header)
                        || header.Position != position + at
                        || !IsWhole(file, salt, header, length))
                    {
                        continue;
                    }
                    yield return header;
                    next = header.EndPosition;
                    break;
                }
                position = next;
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

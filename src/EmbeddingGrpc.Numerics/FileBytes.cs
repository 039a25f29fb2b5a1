using Microsoft.Win32.SafeHandles;

namespace EmbeddingGrpc.Numerics;

/// <summary>Reads parts of files whose length is known. Stateless.</summary>
internal static class FileBytes
{
    /// <summary>Fills a buffer. Any thread.</summary>
    /// <param name="file">Open for reading.</param>
    /// <param name="destination">As many bytes as are wanted.</param>
    /// <param name="offset">Where they begin in the file.</param>
    /// <param name="path">The file, for the error.</param>
    /// <exception cref="InvalidDataException">The file ends before.</exception>
    public static void ReadExactly(SafeFileHandle file, Span<byte> destination, long offset, string path)
    {
        while (destination.Length > 0)
        {
            var read = RandomAccess.Read(file, destination, offset);
            if (read == 0) throw new InvalidDataException($"'{path}' is truncated: it ended at byte {offset} while being read.");
            destination = destination[read..];
            offset += read;
        }
    }
}

using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>Pages of this process alone, of a file or of nothing, on Linux. What is written to them stays here. Stateless.</summary>
internal static unsafe partial class PrivateMapping
{
    private const int Protect_ReadWrite = 3;
    private const int Map_Private = 0x2;
    private const int Map_Anonymous = 0x20;

    /// <summary>Maps a part of a file.</summary>
    /// <param name="length">Bytes.</param>
    /// <param name="file">Its descriptor; may be closed afterwards.</param>
    /// <param name="offset">Where it begins, at a whole page.</param>
    /// <returns>Null where the system refuses; the last error says why.</returns>
    public static byte* OfFile(nuint length, int file, long offset) => Checked(Map(null, length, Protect_ReadWrite, Map_Private, file, offset));

    /// <summary>Maps zeros.</summary>
    /// <returns>Likewise.</returns>
    public static byte* OfZeros(nuint length) => Checked(Map(null, length, Protect_ReadWrite, Map_Private | Map_Anonymous, -1, 0));

    /// <summary>Gives all of a mapping back.</summary>
    public static void Free(byte* mapping, nuint length) => _ = Unmap(mapping, length);

    private static byte* Checked(byte* mapping) => mapping == (byte*)-1 ? null : mapping;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial byte* Map(void* address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int Unmap(void* address, nuint length);
}

using System.Runtime.InteropServices;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing.Files;

/// <summary>The checksum of a section: XXH3 (64 bits) of those of its parts, so that several threads can verify one section. Stateless.</summary>
internal static unsafe class SectionChecksum
{
    /// <summary>Bytes of a part; the last is shorter. Small enough to be read and summed in a core's cache.</summary>
    public const int PartBytes = 256 * 1024;

    /// <summary>How many parts a section has.</summary>
    /// <param name="length">Bytes of the section.</param>
    /// <param name="partBytes">Bytes of a part: <see cref="PartBytes"/>, or more than any section has.</param>
    public static int PartsOf(long length, long partBytes) => (int)(((length - 1) / partBytes) + 1);

    /// <summary>The checksum of a section in memory.</summary>
    public static ulong Of(byte* section, long length)
    {
        var parts = new ulong[PartsOf(length, PartBytes)];
        for (var part = 0; part < parts.Length; part++)
        {
            var at = (long)part * PartBytes;
            parts[part] = Checksum.Of(section + at, Math.Min(PartBytes, length - at));
        }
        return Of(parts);
    }

    /// <summary>The checksum of a section whose parts have these.</summary>
    public static ulong Of(ReadOnlySpan<ulong> parts) => Checksum.Of(MemoryMarshal.AsBytes(parts));
}

using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>For each number of bits, what moves packed values to lanes of bytes: which bytes a lane's group needs, and how far to shift.</summary>
internal static unsafe class UnpackTables
{
    private const int FewestBits = 4;
    private const int MostBits = 8;

    /// <summary>Two registers of byte positions, then two of shifts.</summary>
    private const int TableBytes = 256;

    private static readonly byte* Tables = Create();

    /// <summary>[4, 64]: positions for lanes 0..63 and 64..127, then shifts for both.</summary>
    public static byte* For(int bits) => Tables + ((bits - FewestBits) * TableBytes);

    private static byte* Create()
    {
        var size = (MostBits - FewestBits + 1) * TableBytes;
        var start = (byte*)(((nint)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(UnpackTables), size + 64) + 63) & ~63);
        for (var bits = FewestBits; bits <= MostBits; bits++)
        {
            var table = start + ((bits - FewestBits) * TableBytes);
            for (var lane = 0; lane < 128; lane++)
            {
                // Eight lanes of a register share a group of `bits` bytes; the last byte of a line stands in beyond its end.
                table[lane] = (byte)Math.Min(63, (lane / 8 * bits) + (lane % 8));
                table[128 + lane] = (byte)(lane % 8 * bits % 64);
            }
        }
        return start;
    }
}

using System.Runtime.CompilerServices;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>Floats as integers of the same order: their bits are, once those of negative ones are turned around.</summary>
internal static class SortableFloat
{
    /// <summary>The integer of a float that is not NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ToKey(float value)
    {
        var bits = BitConverter.SingleToInt32Bits(value);
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    /// <summary>The float of an integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromKey(int key) => BitConverter.Int32BitsToSingle(key ^ ((key >> 31) & int.MaxValue));
}

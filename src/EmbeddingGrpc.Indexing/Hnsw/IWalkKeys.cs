using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Hnsw;

/// <summary>
/// Turns products of codes into the integer keys that a walk sorts by: smaller is nearer. A type, not an instance, so that the walk is
/// compiled once for each and a distance is never a call through a delegate.
/// </summary>
internal unsafe interface IWalkKeys
{
    /// <summary>Key of one row from its product with the query.</summary>
    static abstract int Key(int product, byte* row, in QueryCode query, int stride);

    /// <summary>Keys of four rows.</summary>
    static abstract Vector128<int> Keys(
        Vector128<int> products, byte* row0, byte* row1, byte* row2, byte* row3, in QueryCode query, int stride);

    /// <summary>Half the squared Euclidean distance in the space of the codes, up to a number that is the same for all rows.</summary>
    static abstract float Distance(int key, in QueryCode query);
}

/// <summary>Rows of one length (cosine, dot product): the product alone decides.</summary>
internal readonly struct SphereKeys : IWalkKeys
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Key(int product, byte* row, in QueryCode query, int stride) => -product;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<int> Keys(
        Vector128<int> products, byte* row0, byte* row1, byte* row2, byte* row3, in QueryCode query, int stride) => -products;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(int key, in QueryCode query) => (key + query.Offset) * query.Scale;
}

/// <summary>Rows of any length (Euclid): half the squared norm, which ends every row of codes, less the product.</summary>
internal readonly struct EuclideanKeys : IWalkKeys
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe int Key(int product, byte* row, in QueryCode query, int stride)
    {
        var bits = BitConverter.SingleToInt32Bits(HalfNorm(row, stride) - ((product - query.Offset) * query.Scale));
        return bits ^ ((bits >> 31) & int.MaxValue);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe Vector128<int> Keys(
        Vector128<int> products, byte* row0, byte* row1, byte* row2, byte* row3, in QueryCode query, int stride)
    {
        var norms = Vector128.Create(HalfNorm(row0, stride), HalfNorm(row1, stride), HalfNorm(row2, stride), HalfNorm(row3, stride));
        var real = Vector128.ConvertToSingle(products - Vector128.Create(query.Offset)) * query.Scale;
        var bits = (norms - real).AsInt32();
        // The bits of floats sort as integers once those of negative ones are turned around.
        return bits ^ ((bits >> 31) & Vector128.Create(int.MaxValue));
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Distance(int key, in QueryCode query) => BitConverter.Int32BitsToSingle(key ^ ((key >> 31) & int.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe float HalfNorm(byte* row, int stride) => *(float*)(row + stride - sizeof(float));
}

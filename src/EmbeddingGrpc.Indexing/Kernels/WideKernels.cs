using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using EmbeddingGrpc.Indexing.Quantization;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>
/// Integer products of a query with rows of signed 16-bit codes. Exact as long as <see cref="CodeRange"/> keeps their sum within 32 bits;
/// what follows the values in a row's last line meets zeros in the query.
/// </summary>
internal static unsafe class WideKernels
{
    /// <summary>Products of the query with rows.</summary>
    /// <param name="rows">First row of the table.</param>
    /// <param name="stride">Bytes of a row, whole lines.</param>
    /// <param name="items">[count] numbers of rows.</param>
    /// <param name="count">How many.</param>
    /// <param name="query">[stride / 2].</param>
    /// <param name="products">[count], overwritten.</param>
    public static void Products(byte* rows, int stride, uint* items, int count, short* query, int* products)
    {
        for (var i = 0; i < count; i++)
        {
            var row = (short*)(rows + ((long)items[i] * stride));
            products[i] = Avx512BW.IsSupported ? Dot512(row, query, stride / sizeof(short))
                : Avx2.IsSupported ? Dot256(row, query, stride / sizeof(short))
                : ScalarDot(row, query, stride / sizeof(short));
        }
    }

    /// <summary>The scalar twin.</summary>
    internal static int ScalarDot(short* row, short* query, int length)
    {
        var sum = 0;
        for (var i = 0; i < length; i++) sum += row[i] * query[i];
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Dot512(short* row, short* query, int length)
    {
        var sum = Vector512<int>.Zero;
        for (var i = 0; i < length; i += Vector512<short>.Count)
        {
            sum += Avx512BW.MultiplyAddAdjacent(Vector512.Load(row + i), Vector512.Load(query + i));
        }
        return Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Dot256(short* row, short* query, int length)
    {
        var sum = Vector256<int>.Zero;
        for (var i = 0; i < length; i += Vector256<short>.Count)
        {
            sum += Avx2.MultiplyAddAdjacent(Vector256.Load(row + i), Vector256.Load(query + i));
        }
        return Vector256.Sum(sum);
    }
}

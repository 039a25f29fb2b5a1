using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Indexing.Kernels;

/// <summary>
/// Passes over one row of floats, of any length and alignment unless said: what fitting and encoding do for every row of a table before a graph is built.
/// Compiled once and well: a first build is over these rows before the runtime would have found out that it pays.
/// </summary>
internal static unsafe class RowKernels
{
    /// <summary>Copies a row less the mean of all rows.</summary>
    /// <param name="row">[length].</param>
    /// <param name="mean">[length], or empty: then the copy is the row.</param>
    /// <param name="centered">[length], overwritten.</param>
    /// <param name="length">Values of the row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Center(float* row, ReadOnlySpan<float> mean, float* centered, int length)
    {
        var target = new Span<float>(centered, length);
        new ReadOnlySpan<float>(row, length).CopyTo(target);
        for (var i = 0; i < mean.Length; i++) target[i] -= mean[i];
    }

    /// <summary>Sum of squares, in double precision; the order is fixed for an instruction set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double SquaredNorm(float* values, int length)
    {
        var even = Vector<double>.Zero;
        var odd = Vector<double>.Zero;
        var i = 0;
        for (; i + Vector<float>.Count <= length; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(values + i), out var low, out var high);
            even += low * low;
            odd += high * high;
        }
        var sum = Vector.Sum(even + odd);
        for (; i < length; i++) sum += (double)values[i] * values[i];
        return sum;
    }

    /// <summary>The largest magnitude; infinite or not a number where one of the values is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float LargestMagnitude(float* values, int length)
    {
        // As integers magnitudes are in the same order, and what is not finite is above all others.
        var bits = (int*)values;
        var largest = Vector<int>.Zero;
        var magnitude = new Vector<int>(int.MaxValue);
        var i = 0;
        for (; i + Vector<int>.Count <= length; i += Vector<int>.Count) largest = Vector.Max(largest, Vector.Load(bits + i) & magnitude);
        var most = 0;
        for (var lane = 0; lane < Vector<int>.Count; lane++) most = Math.Max(most, largest[lane]);
        for (; i < length; i++) most = Math.Max(most, bits[i] & int.MaxValue);
        return BitConverter.Int32BitsToSingle(most);
    }

    /// <summary>Multiplies each value by a factor, in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scale(float* values, int length, double factor)
    {
        var i = 0;
        for (; i + Vector<float>.Count <= length; i += Vector<float>.Count)
        {
            Vector.Widen(Vector.Load(values + i), out var low, out var high);
            Vector.Store(Vector.Narrow(low * factor, high * factor), values + i);
        }
        for (; i < length; i++) values[i] = (float)(values[i] * factor);
    }

    /// <summary>Scales values and rounds them to whole numbers, of halves to the even one.</summary>
    /// <param name="values">[length], finite once scaled.</param>
    /// <param name="scale">What each is multiplied by.</param>
    /// <param name="limit">The largest magnitude of a result, up to 127; beyond it lies nothing.</param>
    /// <param name="rounded">[length], overwritten.</param>
    /// <param name="length">A multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(float* values, float scale, int limit, sbyte* rounded, int length)
    {
        for (var i = 0; i < length; i += Vector128<sbyte>.Count)
        {
            var low = Vector128.Narrow(Whole(values + i, scale, limit), Whole(values + i + 4, scale, limit));
            var high = Vector128.Narrow(Whole(values + i + 8, scale, limit), Whole(values + i + 12, scale, limit));
            Vector128.Narrow(low, high).Store(rounded + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Whole(float* values, float scale, int limit) =>
        Vector128.ConvertToInt32(Vector128.Round(Vector128.Min(Vector128.Max(Vector128.Load(values) * scale, Vector128.Create((float)-limit)), Vector128.Create((float)limit))));
}

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EmbeddingGrpc.Numerics;

/// <summary>
/// What is calculated of every row of a table at a start. The library's (<c>TensorPrimitives</c>) is the oracle, and as fast once it is compiled well, which takes the runtime a
/// while beside so much other new code: until then each operation of a register is a call of its own. These are compiled well at their first call. Stateless.
/// </summary>
public static class RowMath
{
    /// <summary>a · b.</summary>
    /// <param name="a">[n].</param>
    /// <param name="b">[n].</param>
    /// <exception cref="ArgumentException">They differ in length.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        RequireSame(a.Length, b.Length);
        var lefts = MemoryMarshal.Cast<float, Vector<float>>(a);
        var rights = MemoryMarshal.Cast<float, Vector<float>>(b);
        var sums = Vector<float>.Zero;
        for (var i = 0; i < lefts.Length; i++) sums += lefts[i] * rights[i];
        var sum = Vector.Sum(sums);
        for (var i = lefts.Length * Vector<float>.Count; i < a.Length; i++) sum += a[i] * b[i];
        return sum;
    }

    /// <summary>The length of a row, by Euclid.</summary>
    public static float Norm(ReadOnlySpan<float> row) => MathF.Sqrt(Dot(row, row));

    /// <summary>sum += factor * row.</summary>
    /// <param name="row">[n].</param>
    /// <param name="factor">What it is multiplied with.</param>
    /// <param name="sum">[n].</param>
    /// <exception cref="ArgumentException">They differ in length.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<float> row, float factor, Span<float> sum)
    {
        RequireSame(row.Length, sum.Length);
        var values = MemoryMarshal.Cast<float, Vector<float>>(row);
        var sums = MemoryMarshal.Cast<float, Vector<float>>(sum);
        for (var i = 0; i < values.Length; i++) sums[i] += factor * values[i];
        for (var i = values.Length * Vector<float>.Count; i < row.Length; i++) sum[i] += factor * row[i];
    }

    /// <summary>The same in twice the precision, for sums of millions of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddScaled(ReadOnlySpan<float> row, double factor, Span<double> sum)
    {
        RequireSame(row.Length, sum.Length);
        var values = MemoryMarshal.Cast<float, Vector<float>>(row);
        var sums = MemoryMarshal.Cast<double, Vector<double>>(sum);
        for (var i = 0; i < values.Length; i++)
        {
            Vector.Widen(values[i], out var lower, out var upper);
            sums[2 * i] += factor * lower;
            sums[(2 * i) + 1] += factor * upper;
        }

        for (var i = values.Length * Vector<float>.Count; i < row.Length; i++) sum[i] += factor * row[i];
    }

    /// <summary>row /= divisor.</summary>
    /// <param name="row">[n].</param>
    /// <param name="divisor">Not zero.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide(Span<float> row, float divisor)
    {
        var values = MemoryMarshal.Cast<float, Vector<float>>(row);
        for (var i = 0; i < values.Length; i++) values[i] /= divisor;
        for (var i = values.Length * Vector<float>.Count; i < row.Length; i++) row[i] /= divisor;
    }

    private static void RequireSame(int left, int right)
    {
        if (left != right) throw new ArgumentException($"Rows of {left} and of {right} values; they must have the same length.");
    }
}
